package tenon

/*
#include <tenon/tenon.h>
*/
import "C"

import (
	"fmt"
	"math"
	"strings"
	"unsafe"
)

// DType is an element type.
type DType int32

// The dtypes of tenon/base.h. I4 and UI4 take one byte per element.
const (
	Invalid  DType = C.TENON_DTYPE_INVALID
	I1       DType = C.TENON_I1
	I4       DType = C.TENON_I4
	I8       DType = C.TENON_I8
	I16      DType = C.TENON_I16
	I32      DType = C.TENON_I32
	I64      DType = C.TENON_I64
	UI4      DType = C.TENON_UI4
	UI8      DType = C.TENON_UI8
	UI16     DType = C.TENON_UI16
	UI32     DType = C.TENON_UI32
	UI64     DType = C.TENON_UI64
	F8E4M3FN DType = C.TENON_F8E4M3FN
	F8E5M2   DType = C.TENON_F8E5M2
	F16      DType = C.TENON_F16
	BF16     DType = C.TENON_BF16
	F32      DType = C.TENON_F32
	F64      DType = C.TENON_F64
)

// String is the dtype's name: "bf16".
func (d DType) String() string { return C.GoString(C.tenon_dtype_name(C.tenon_dtype(d))) }

// Size is the bytes per element in memory; 0 for no dtype.
func (d DType) Size() int { return int(C.tenon_dtype_size(C.tenon_dtype(d))) }

// ParseDType is the dtype of a name, or Invalid.
func ParseDType(name string) DType {
	data, length := chars(name)
	return DType(C.tenon_dtype_from_name(data, length))
}

// Dynamic is a size that is not known yet.
const Dynamic int64 = math.MinInt64

// Type is a tensor's type. A size may be Dynamic.
type Type struct {
	DType DType
	Dims  []int64
}

// String is the type as messages write it: "f32[4,640]".
func (t Type) String() string {
	sizes := make([]string, len(t.Dims))
	for i, size := range t.Dims {
		if size == Dynamic {
			sizes[i] = "?"
		} else {
			sizes[i] = fmt.Sprint(size)
		}
	}
	return t.DType.String() + "[" + strings.Join(sizes, ",") + "]"
}

// NamedType is an input or output of a program.
type NamedType struct {
	Name string
	Type
}

func copyType(dtype C.tenon_dtype, dims *C.int64_t, rank C.int32_t) Type {
	t := Type{DType: DType(dtype), Dims: make([]int64, rank)}
	copy(t.Dims, unsafe.Slice((*int64)(unsafe.Pointer(dims)), int(rank)))
	return t
}

// sizes lends dims to one call.
func sizes(dims []int64) (*C.int64_t, C.int32_t) {
	if len(dims) == 0 {
		return nil, 0
	}
	return (*C.int64_t)(unsafe.Pointer(&dims[0])), C.int32_t(len(dims))
}

// The element types that Go does not have, as their bits.
type (
	Int4         int8
	Uint4        uint8
	Float8E4M3FN uint8
	Float8E5M2   uint8
	Float16      uint16
	BFloat16     uint16
)

// Element is any Go type that a tensor's elements may have.
type Element interface {
	bool | Int4 | int8 | int16 | int32 | int64 | Uint4 | uint8 | uint16 | uint32 | uint64 | Float8E4M3FN | Float8E5M2 | Float16 | BFloat16 | float32 | float64
}

// DTypeOf is the dtype of a Go type: DTypeOf[float32]() is F32.
func DTypeOf[T Element]() DType {
	var zero T
	switch any(zero).(type) {
	case bool:
		return I1
	case Int4:
		return I4
	case int8:
		return I8
	case int16:
		return I16
	case int32:
		return I32
	case int64:
		return I64
	case Uint4:
		return UI4
	case uint8:
		return UI8
	case uint16:
		return UI16
	case uint32:
		return UI32
	case uint64:
		return UI64
	case Float8E4M3FN:
		return F8E4M3FN
	case Float8E5M2:
		return F8E5M2
	case Float16:
		return F16
	case BFloat16:
		return BF16
	case float32:
		return F32
	case float64:
		return F64
	}
	return Invalid
}

// NewBFloat16 is the bfloat16 nearest to a value, ties to even.
func NewBFloat16(value float32) BFloat16 {
	bits := math.Float32bits(value)
	if value != value {
		return BFloat16(bits>>16 | 0x40)
	}
	return BFloat16((uint64(bits) + 0x7FFF + uint64(bits>>16&1)) >> 16)
}

// Float32 is the value, exactly.
func (b BFloat16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }
