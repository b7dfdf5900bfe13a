package tenon

/*
#include "bridge.h"
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Tensor is a tensor in C memory: compact, row-major, aligned to 64 bytes.
type Tensor struct {
	handle *handle
	kind   Type
	data   unsafe.Pointer
}

func newTensor(c *Context, p *C.tenon_tensor) (*Tensor, error) {
	t := &Tensor{handle: newHandle(unsafe.Pointer(p), "tensor", func(p unsafe.Pointer) { C.tenon_tensor_destroy((*C.tenon_tensor)(p)) }, c.handle)}
	runtime.SetFinalizer(t, (*Tensor).Close)
	var view C.tenon_tensor_view
	var e *C.tenon_error
	if err := check(C.tenon_tensor_get_view(p, &view, &e), e); err != nil {
		t.Close()
		return nil, err
	}
	t.kind, t.data = copyType(view.dtype, view.dims, view.rank), view.data
	return t, nil
}

// NewTensor makes a tensor of zeros.
func (c *Context) NewTensor(dtype DType, dims ...int64) (*Tensor, error) {
	p, err := c.use()
	if err != nil {
		return nil, err
	}
	defer c.handle.done()
	var out *C.tenon_tensor
	var e *C.tenon_error
	list, rank := sizes(dims)
	if err := check(C.tenon_go_tensor_create(p, list, rank, C.tenon_dtype(dtype), &out, &e), e); err != nil {
		return nil, err
	}
	return newTensor(c, out)
}

// LoadTensor reads a .npy file, as that dtype; Invalid: the file's own. Nothing is converted.
func (c *Context) LoadTensor(path string, dtype DType) (*Tensor, error) {
	p, err := c.use()
	if err != nil {
		return nil, err
	}
	defer c.handle.done()
	var out *C.tenon_tensor
	var e *C.tenon_error
	data, length := chars(path)
	if err := check(C.tenon_tensor_load(p, data, length, C.tenon_dtype(dtype), &out, &e), e); err != nil {
		return nil, err
	}
	return newTensor(c, out)
}

// FromSlice makes a tensor of a slice's values, which are copied, row by row.
func FromSlice[T Element](c *Context, values []T, dims ...int64) (*Tensor, error) {
	t, err := c.NewTensor(DTypeOf[T](), dims...)
	if err != nil {
		return nil, err
	}
	if err := Write(t, values); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Data is the tensor's memory itself, as a slice. It must not be used after the tensor is closed, nor after the last use of the tensor: use
// runtime.KeepAlive, or Read.
func Data[T Element](t *Tensor) ([]T, error) {
	if _, err := t.use(); err != nil {
		return nil, err
	}
	defer t.handle.done()
	if want := DTypeOf[T](); want != t.kind.DType {
		return nil, fail(InvalidArgument, "use the Go type of the tensor's dtype", "the tensor is %s, not %s", t.kind, want)
	}
	var zero T
	return unsafe.Slice((*T)(t.data), t.kind.bytes()/int(unsafe.Sizeof(zero))), nil
}

// Read copies the tensor's values out.
func Read[T Element](t *Tensor) ([]T, error) {
	if _, err := t.use(); err != nil {
		return nil, err
	}
	defer t.handle.done()
	data, err := Data[T](t)
	if err != nil {
		return nil, err
	}
	return append(make([]T, 0, len(data)), data...), nil
}

// Write copies values into the tensor.
func Write[T Element](t *Tensor, values []T) error {
	if _, err := t.use(); err != nil {
		return err
	}
	defer t.handle.done()
	data, err := Data[T](t)
	if err != nil {
		return err
	}
	if len(values) != len(data) {
		return fail(InvalidArgument, "give a value for each element", "%d values for %s, which has %d elements", len(values), t.kind, len(data))
	}
	copy(data, values)
	return nil
}

func (t *Tensor) use() (*C.tenon_tensor, error) {
	if t == nil {
		return nil, fail(InvalidArgument, "give a tensor of NewTensor, FromSlice or LoadTensor", "the tensor is nil")
	}
	p, err := t.handle.use()
	return (*C.tenon_tensor)(p), err
}

// Type is the tensor's type; also after Close.
func (t *Tensor) Type() Type { return Type{t.kind.DType, append([]int64(nil), t.kind.Dims...)} }

// FillRandom draws values: floats N(0, 1), integers small, booleans even odds. Equal seeds, equal bytes, on every machine.
func (t *Tensor) FillRandom(seed uint64) error {
	p, err := t.use()
	if err != nil {
		return err
	}
	defer t.handle.done()
	var e *C.tenon_error
	return check(C.tenon_tensor_fill_random(p, C.uint64_t(seed), &e), e)
}

// Save writes a .npy file, by temporary file and rename.
func (t *Tensor) Save(path string) error {
	p, err := t.use()
	if err != nil {
		return err
	}
	defer t.handle.done()
	var e *C.tenon_error
	data, length := chars(path)
	return check(C.tenon_go_tensor_save(p, data, length, &e), e)
}

// Close gives the memory back.
func (t *Tensor) Close() { t.handle.close() }
