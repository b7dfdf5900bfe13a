package tenon

/*
#include <stdlib.h>
#include <tenon/tenon.h>
*/
import "C"

import "unsafe"

// arena is C memory for one call: structs that point to others, which Go's may not do once C sees them.
type arena struct{ blocks []unsafe.Pointer }

func (a *arena) free() {
	for _, block := range a.blocks {
		C.free(block)
	}
}

// alloc gives zeroed memory; never nil, and C.calloc ends the program when there is none, as Go does.
func (a *arena) alloc(count int, size uintptr) unsafe.Pointer {
	if count == 0 {
		return nil
	}
	block := C.calloc(C.size_t(count), C.size_t(size))
	if block == nil {
		panic("tenon: out of memory")
	}
	a.blocks = append(a.blocks, block)
	return block
}

// text is NUL-terminated.
func (a *arena) text(text string) (*C.char, C.size_t) {
	data := C.CString(text)
	a.blocks = append(a.blocks, unsafe.Pointer(data))
	return data, C.size_t(len(text))
}

func (a *arena) int64s(values []int64) *C.int64_t {
	block := a.alloc(len(values), unsafe.Sizeof(C.int64_t(0)))
	copy(unsafe.Slice((*int64)(block), len(values)), values)
	return (*C.int64_t)(block)
}

func (a *arena) float64s(values []float64) *C.double {
	block := a.alloc(len(values), unsafe.Sizeof(C.double(0)))
	copy(unsafe.Slice((*float64)(block), len(values)), values)
	return (*C.double)(block)
}

func (a *arena) types(types []Type) *C.tenon_type_view {
	block := a.alloc(len(types), unsafe.Sizeof(C.tenon_type_view{}))
	for i, view := range unsafe.Slice((*C.tenon_type_view)(block), len(types)) {
		view.dims = a.int64s(types[i].Dims)
		view.rank = C.int32_t(len(types[i].Dims))
		view.dtype = C.tenon_dtype(types[i].DType)
		unsafe.Slice((*C.tenon_type_view)(block), len(types))[i] = view
	}
	return (*C.tenon_type_view)(block)
}
