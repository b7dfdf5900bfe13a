package tenon

/*
#include <tenon/tenon.h>
*/
import "C"

import (
	"math"
	"sort"
	"unsafe"
)

// Attributes of a node, by name or alias. Values: bool, any integer or float, string, DType, []int64, []int, []float64, []bool, []string, and
// Attributes. The operator's schema, in the library, decides what each must be; a nil is left out.
type Attributes map[string]any

// attributes writes them into C memory, sorted by name so that equal calls give equal errors.
func (a *arena) attributes(given Attributes) (*C.tenon_attr, C.size_t, error) {
	names := make([]string, 0, len(given))
	for name, value := range given {
		if value != nil {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	block := (*C.tenon_attr)(a.alloc(len(names), unsafe.Sizeof(C.tenon_attr{})))
	for i := range names {
		attribute := &unsafe.Slice(block, len(names))[i]
		attribute.name, attribute.name_length = a.text(names[i])
		if err := a.attribute(attribute, names[i], given[names[i]]); err != nil {
			return nil, 0, err
		}
	}
	return block, C.size_t(len(names)), nil
}

func (a *arena) attribute(out *C.tenon_attr, name string, given any) error {
	integer := func(value int64) { out.kind, out.i64 = C.TENON_ATTR_I64, C.int64_t(value) }
	switch value := given.(type) {
	case bool:
		out.kind, out.i64 = C.TENON_ATTR_BOOL, boolean(value)
	case int:
		integer(int64(value))
	case int8:
		integer(int64(value))
	case int16:
		integer(int64(value))
	case int32:
		integer(int64(value))
	case int64:
		integer(value)
	case uint8:
		integer(int64(value))
	case uint16:
		integer(int64(value))
	case uint32:
		integer(int64(value))
	case uint:
		return a.unsigned(out, name, uint64(value))
	case uint64:
		return a.unsigned(out, name, value)
	case float32:
		out.kind, out.f64 = C.TENON_ATTR_F64, C.double(value)
	case float64:
		out.kind, out.f64 = C.TENON_ATTR_F64, C.double(value)
	case string:
		out.kind = C.TENON_ATTR_STRING
		out.text, out.count = a.text(value)
	case DType:
		out.kind, out.i64 = C.TENON_ATTR_DTYPE, C.int64_t(value)
	case []int64:
		out.kind, out.i64s, out.count = C.TENON_ATTR_I64S, a.int64s(value), C.size_t(len(value))
	case []int:
		wide := make([]int64, len(value))
		for i, item := range value {
			wide[i] = int64(item)
		}
		out.kind, out.i64s, out.count = C.TENON_ATTR_I64S, a.int64s(wide), C.size_t(len(value))
	case []float64:
		out.kind, out.f64s, out.count = C.TENON_ATTR_F64S, a.float64s(value), C.size_t(len(value))
	case []bool:
		wide := make([]int64, len(value))
		for i, item := range value {
			wide[i] = int64(boolean(item))
		}
		out.kind, out.i64s, out.count = C.TENON_ATTR_BOOLS, a.int64s(wide), C.size_t(len(value))
	case []string:
		out.kind, out.count = C.TENON_ATTR_STRINGS, C.size_t(len(value))
		out.items = (*C.tenon_attr)(a.alloc(len(value), unsafe.Sizeof(C.tenon_attr{})))
		for i, item := range value {
			if err := a.attribute(&unsafe.Slice((*C.tenon_attr)(unsafe.Pointer(out.items)), len(value))[i], name, item); err != nil {
				return err
			}
		}
	case Attributes:
		items, count, err := a.attributes(value)
		out.kind, out.items, out.count = C.TENON_ATTR_DICT, items, count
		return err
	default:
		return fail(InvalidArgument, "give a bool, integer, float, string, DType, or a slice of one of int64, float64, bool, string",
			"attribute %s: a %T is no attribute's value", name, given)
	}
	return nil
}

func (a *arena) unsigned(out *C.tenon_attr, name string, value uint64) error {
	if value > math.MaxInt64 {
		return fail(InvalidArgument, "", "attribute %s: %d does not fit into 64 bits with a sign", name, value)
	}
	out.kind, out.i64 = C.TENON_ATTR_I64, C.int64_t(value)
	return nil
}

func boolean(value bool) C.int64_t {
	if value {
		return 1
	}
	return 0
}
