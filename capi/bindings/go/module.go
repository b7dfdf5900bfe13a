package tenon

/*
#include "bridge.h"
*/
import "C"

import (
	"encoding/json"
	"runtime"
	"unsafe"
)

// Target is what a consumer of StableHLO accepts.
type Target struct{ handle *handle }

// Target finds a built-in target ("iree"), or a profile by a path that ends in .yaml.
func (c *Context) Target(name string) (*Target, error) {
	p, err := c.use()
	if err != nil {
		return nil, err
	}
	defer c.handle.done()
	var out *C.tenon_target
	var e *C.tenon_error
	data, length := chars(name)
	if err := check(C.tenon_target_find(p, data, length, &out, &e), e); err != nil {
		return nil, err
	}
	t := &Target{newHandle(unsafe.Pointer(out), "target", func(p unsafe.Pointer) { C.tenon_target_release((*C.tenon_target)(p)) })}
	runtime.SetFinalizer(t, (*Target).Close)
	return t, nil
}

// YAML is the profile's text: a user edits a copy of it.
func (t *Target) YAML() (string, error) {
	p, err := t.handle.use()
	if err != nil {
		return "", err
	}
	defer t.handle.done()
	var length C.size_t
	data := C.tenon_target_get_yaml((*C.tenon_target)(p), &length)
	return C.GoStringN(data, C.int(length)), nil
}

// Close ends the target. Modules lowered for it stay.
func (t *Target) Close() { t.handle.close() }

// Module is a lowered graph.
type Module struct{ handle *handle }

// LowerTo lowers the graph for a target, verified. params: for targets that keep parameters as constants; else nil.
func (g *Graph) LowerTo(target *Target, params *Params) (*Module, error) {
	archive, release, err := params.optional()
	if err != nil {
		return nil, err
	}
	defer release()
	t, err := target.handle.use()
	if err != nil {
		return nil, err
	}
	defer target.handle.done()
	p, err := g.use()
	if err != nil {
		return nil, err
	}
	defer g.done()
	var out *C.tenon_module
	var e *C.tenon_error
	if err := check(C.tenon_go_lower(p, (*C.tenon_target)(t), archive, &out, &e), e); err != nil {
		return nil, err
	}
	m := &Module{newHandle(unsafe.Pointer(out), "module", func(p unsafe.Pointer) { C.tenon_module_release((*C.tenon_module)(p)) })}
	runtime.SetFinalizer(m, (*Module).Close)
	return m, nil
}

// Lower gives the graph as StableHLO text for a target by name.
func (g *Graph) Lower(target string, params *Params) (string, error) {
	t, err := g.context.Target(target)
	if err != nil {
		return "", err
	}
	defer t.Close()
	m, err := g.LowerTo(t, params)
	if err != nil {
		return "", err
	}
	defer m.Close()
	return m.Text()
}

func (m *Module) report(call func(*C.tenon_module, **C.tenon_blob, **C.tenon_error) C.int32_t) ([]byte, error) {
	p, err := m.handle.use()
	if err != nil {
		return nil, err
	}
	defer m.handle.done()
	var out *C.tenon_blob
	var e *C.tenon_error
	if err := check(call((*C.tenon_module)(p), &out, &e), e); err != nil {
		return nil, err
	}
	return take(out), nil
}

// Text is StableHLO text. Equal modules, equal bytes.
func (m *Module) Text() (string, error) {
	text, err := m.report(func(p *C.tenon_module, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		return C.tenon_module_print(p, out, e)
	})
	return string(text), err
}

// Decisions says what became of each operator, and why.
func (m *Module) Decisions() (json.RawMessage, error) {
	return m.report(func(p *C.tenon_module, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		return C.tenon_module_decisions_json(p, out, e)
	})
}

// Close ends the module.
func (m *Module) Close() { m.handle.close() }
