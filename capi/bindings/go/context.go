package tenon

/*
#include "bridge.h"
*/
import "C"

import (
	"encoding/json"
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// ContextOptions says what a context may search and use. The zero value is the default.
type ContextOptions struct {
	Threads       uint32   // 0: as many as the process may use
	Arch          string   // a SIMD level to force, "avx2"; "": TENON_ARCH, else the best
	PluginPaths   []string // folders that win over every searched one
	Manifests     []string // manifest files, likewise
	AllowPlugins  []string // patterns (* and ?); none: all
	DenyPlugins   []string
	Log           LogFunc // nil: errors go to stderr, once each
	LogLevel      LogLevel
	NoEnvironment bool // honour no environment variable
	NoUserDir     bool // search no plugins in the user's folder
	NoSystemDir   bool // search no site and system folders
	UserDirAsRoot bool // search the user's folder also when running as root
	SafeMode      bool // only the plugins beside the library
	StrictFP      bool // a plugin that changes rounding or denormal handling fails the call
}

// Context is plugins, a thread pool, the machine; everything is made from one. Two contexts share nothing. One serves a whole program.
type Context struct{ handle *handle }

// NewContext makes a context. options may be nil.
func NewContext(options *ContextOptions) (*Context, error) {
	if options == nil {
		options = &ContextOptions{}
	}
	flags := C.uint32_t(0)
	for _, row := range []struct {
		wanted bool
		flag   C.uint32_t
	}{
		{options.NoEnvironment, C.TENON_CONTEXT_NO_ENV}, {options.NoUserDir, C.TENON_CONTEXT_NO_USER_DIR},
		{options.SafeMode, C.TENON_CONTEXT_SAFE_MODE}, {options.StrictFP, C.TENON_CONTEXT_STRICT_FP},
		{options.NoSystemDir, C.TENON_CONTEXT_NO_SYSTEM_DIR}, {options.UserDirAsRoot, C.TENON_CONTEXT_USER_DIR_AS_ROOT},
	} {
		if row.wanted {
			flags |= row.flag
		}
	}
	var log cgo.Handle
	if options.Log != nil {
		log = cgo.NewHandle(options.Log)
	}
	forget := func() {
		if log != 0 {
			log.Delete()
		}
	}
	var out *C.tenon_context
	var e *C.tenon_error
	arch, length := chars(options.Arch)
	code := C.tenon_go_context_create(flags, C.uint32_t(options.Threads), arch, length, C.uintptr_t(log), C.int32_t(options.LogLevel), &out, &e)
	if err := check(code, e); err != nil {
		forget()
		return nil, err
	}
	destroy := func(p unsafe.Pointer) {
		C.tenon_context_destroy((*C.tenon_context)(p))
		forget()
	}
	c := &Context{newHandle(unsafe.Pointer(out), "context", destroy)}
	runtime.SetFinalizer(c, (*Context).Close)
	if err := c.configure(options); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Context) configure(options *ContextOptions) error {
	p, err := c.use()
	if err != nil {
		return err
	}
	defer c.handle.done()
	var e *C.tenon_error
	for _, path := range options.PluginPaths {
		data, length := chars(path)
		if err := check(C.tenon_context_add_plugin_path(p, data, length, &e), e); err != nil {
			return err
		}
	}
	for _, path := range options.Manifests {
		data, length := chars(path)
		if err := check(C.tenon_context_add_manifest(p, data, length, &e), e); err != nil {
			return err
		}
	}
	for _, pattern := range options.AllowPlugins {
		data, length := chars(pattern)
		if err := check(C.tenon_context_allow_plugins(p, data, length, &e), e); err != nil {
			return err
		}
	}
	for _, pattern := range options.DenyPlugins {
		data, length := chars(pattern)
		if err := check(C.tenon_context_deny_plugins(p, data, length, &e), e); err != nil {
			return err
		}
	}
	return nil
}

func (c *Context) use() (*C.tenon_context, error) {
	p, err := c.handle.use()
	return (*C.tenon_context)(p), err
}

// Close ends the context, once everything made from it is closed too.
func (c *Context) Close() { c.handle.close() }

// report is a call that makes a blob.
func (c *Context) report(call func(*C.tenon_context, **C.tenon_blob, **C.tenon_error) C.int32_t) (json.RawMessage, error) {
	p, err := c.use()
	if err != nil {
		return nil, err
	}
	defer c.handle.done()
	var out *C.tenon_blob
	var e *C.tenon_error
	if err := check(call(p, &out, &e), e); err != nil {
		return nil, err
	}
	return take(out), nil
}

// Operators describes every operator, or the one named if name is not "": operands, results, attributes, dtypes, kernels. JSON, as all reports.
func (c *Context) Operators(name string) (json.RawMessage, error) {
	return c.report(func(p *C.tenon_context, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		data, length := chars(name)
		return C.tenon_operators_json(p, data, length, out, e)
	})
}

// Plugins describes every plugin found: state, reason, advice, path, version, what it offers.
func (c *Context) Plugins() (json.RawMessage, error) {
	return c.report(func(p *C.tenon_context, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		return C.tenon_plugins_json(p, out, e)
	})
}

// Targets describes the built-in targets, and what each does with each operator.
func (c *Context) Targets() (json.RawMessage, error) {
	return c.report(func(p *C.tenon_context, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		return C.tenon_targets_json(p, out, e)
	})
}

// Machine describes the SIMD level in force, usable levels, threads, caches.
func (c *Context) Machine() (json.RawMessage, error) {
	return c.report(func(p *C.tenon_context, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		return C.tenon_machine_json(p, out, e)
	})
}

// Inspect says what is in a file: graph, .npy, .safetensors, .irpa, manifest, plugin library.
func (c *Context) Inspect(path string) (json.RawMessage, error) {
	return c.report(func(p *C.tenon_context, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		data, length := chars(path)
		return C.tenon_inspect_json(p, data, length, out, e)
	})
}

// VerifyOptions says what a verification covers. The zero value: the operator's own cases, every dtype.
type VerifyOptions struct {
	DType DType // Invalid: all. Not for graphs
	Seed  uint64
	Cases uint32 // random ones, beside the operator's own. Not for graphs
}

// Verify runs an operator's cases, kernel against lowering: a row per case, and how many failed.
func (c *Context) Verify(op string, options VerifyOptions) (report json.RawMessage, failed int, err error) {
	var count C.uint32_t
	report, err = c.report(func(p *C.tenon_context, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		name, nameLength := chars(op)
		dtype, dtypeLength := chars("")
		if options.DType != Invalid {
			dtype, dtypeLength = chars(options.DType.String())
		}
		return C.tenon_go_verify_operator(p, name, nameLength, dtype, dtypeLength, C.uint64_t(options.Seed), C.uint32_t(options.Cases), out, &count, e)
	})
	return report, int(count), err
}

// Preload opens a plugin's library now, and not when a graph first names one of its operators.
func (c *Context) Preload(plugin string) error {
	p, err := c.use()
	if err != nil {
		return err
	}
	defer c.handle.done()
	var e *C.tenon_error
	data, length := chars(plugin)
	return check(C.tenon_plugin_preload(p, data, length, &e), e)
}
