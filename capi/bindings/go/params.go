package tenon

/*
#include "bridge.h"
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Params is a parameter archive: a .safetensors or .irpa file, mapped.
type Params struct {
	handle *handle
	index  map[string]int
	names  []string
}

// OpenParams maps a .safetensors or .irpa file.
func (c *Context) OpenParams(path string) (*Params, error) {
	p, err := c.use()
	if err != nil {
		return nil, err
	}
	defer c.handle.done()
	var out *C.tenon_params
	var e *C.tenon_error
	data, length := chars(path)
	if err := check(C.tenon_params_open(p, data, length, &out, &e), e); err != nil {
		return nil, err
	}
	a := &Params{index: map[string]int{}}
	a.handle = newHandle(unsafe.Pointer(out), "parameter archive", func(p unsafe.Pointer) { C.tenon_params_destroy((*C.tenon_params)(p)) }, c.handle)
	runtime.SetFinalizer(a, (*Params).Close)
	for i := 0; i < int(C.tenon_params_get_count(out)); i++ {
		var name *C.char
		var length C.size_t
		if err := check(C.tenon_params_get(out, C.size_t(i), &name, &length, nil, &e), e); err != nil {
			a.Close()
			return nil, err
		}
		a.names = append(a.names, C.GoStringN(name, C.int(length)))
		a.index[a.names[i]] = i
	}
	return a, nil
}

// Names are the tensors' names, sorted.
func (a *Params) Names() []string { return append([]string(nil), a.names...) }

// Tensor gives the type and a copy of the bytes of a tensor. The type's dtype is Invalid where the file does not say, or says none of ours.
func (a *Params) Tensor(name string) (Type, []byte, error) {
	p, err := a.handle.use()
	if err != nil {
		return Type{}, nil, err
	}
	defer a.handle.done()
	index, ok := a.index[name]
	if !ok {
		return Type{}, nil, fail(NotFound, "Names lists what there is", "the archive has no tensor %q", name)
	}
	var view C.tenon_tensor_view
	var e *C.tenon_error
	if err := check(C.tenon_params_get((*C.tenon_params)(p), C.size_t(index), nil, nil, &view, &e), e); err != nil {
		return Type{}, nil, err
	}
	t := copyType(view.dtype, view.dims, view.rank)
	return t, append([]byte(nil), unsafe.Slice((*byte)(view.data), t.bytes())...), nil
}

// bytes is the size in memory.
func (t Type) bytes() int {
	count := t.DType.Size()
	for _, size := range t.Dims {
		count *= int(size)
	}
	return count
}

// Write writes the tensors that the graph declares as parameters to a .irpa or .safetensors file.
func (a *Params) Write(g *Graph, path string) error {
	p, err := a.handle.use()
	if err != nil {
		return err
	}
	defer a.handle.done()
	graph, err := g.use()
	if err != nil {
		return err
	}
	defer g.done()
	var e *C.tenon_error
	data, length := chars(path)
	return check(C.tenon_params_write(graph, (*C.tenon_params)(p), data, length, &e), e)
}

// Close ends the archive, once the programs that use it are closed too.
func (a *Params) Close() { a.handle.close() }

// optional is the archive where one is given.
func (a *Params) optional() (*C.tenon_params, func(), error) {
	if a == nil {
		return nil, func() {}, nil
	}
	p, err := a.handle.use()
	return (*C.tenon_params)(p), a.handle.done, err
}
