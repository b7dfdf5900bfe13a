package tenon

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// Graph is a graph of operators: built by calls, checked and typed at each, or read from a graph file.
type Graph struct {
	handle  *handle
	context *Context
	mutex   sync.Mutex     // the library wants one at a time per graph
	numbers map[string]int // how many nodes were named by each operator
}

// Value is a value of one graph: an input, a parameter, a constant or a result of a node. The zero Value is an operand that is absent.
type Value struct {
	graph  *Graph
	number C.tenon_value
}

// None is an operand that is absent.
var None Value

func newGraph(c *Context, p *C.tenon_graph) *Graph {
	g := &Graph{context: c, numbers: map[string]int{}}
	g.handle = newHandle(unsafe.Pointer(p), "graph", func(p unsafe.Pointer) { C.tenon_graph_destroy((*C.tenon_graph)(p)) }, c.handle)
	runtime.SetFinalizer(g, (*Graph).Close)
	return g
}

// make is a call that makes a graph.
func (c *Context) make(call func(*C.tenon_context, **C.tenon_graph, **C.tenon_error) C.int32_t) (*Graph, error) {
	p, err := c.use()
	if err != nil {
		return nil, err
	}
	defer c.handle.done()
	var out *C.tenon_graph
	var e *C.tenon_error
	if err := check(call(p, &out, &e), e); err != nil {
		return nil, err
	}
	return newGraph(c, out), nil
}

// NewGraph makes an empty graph. name: the module's, in text.
func (c *Context) NewGraph(name string) (*Graph, error) {
	return c.make(func(p *C.tenon_context, out **C.tenon_graph, e **C.tenon_error) C.int32_t {
		data, length := chars(name)
		return C.tenon_graph_create(p, data, length, out, e)
	})
}

// LoadOptions of a graph file.
type LoadOptions struct {
	File  string // its name in messages, for ParseGraph
	Prune bool   // drop nodes that no output needs, instead of failing
}

func (o LoadOptions) flags() C.uint32_t {
	if o.Prune {
		return C.TENON_GRAPH_PRUNE
	}
	return 0
}

// LoadGraph reads a graph file.
func (c *Context) LoadGraph(path string, options LoadOptions) (*Graph, error) {
	return c.make(func(p *C.tenon_context, out **C.tenon_graph, e **C.tenon_error) C.int32_t {
		data, length := chars(path)
		return C.tenon_graph_load(p, data, length, options.flags(), out, e)
	})
}

// ParseGraph reads a graph file's text.
func (c *Context) ParseGraph(text string, options LoadOptions) (*Graph, error) {
	return c.make(func(p *C.tenon_context, out **C.tenon_graph, e **C.tenon_error) C.int32_t {
		data := C.CString(text) // not chars: empty text is a file without content, and NULL is none
		defer C.free(unsafe.Pointer(data))
		file, fileLength := chars(options.File)
		return C.tenon_graph_parse(p, data, C.size_t(len(text)), file, fileLength, options.flags(), out, e)
	})
}

// OperatorGraph is one operator as a graph. shapes: "4x640,640" in the operands' order, empty for an absent one. attributes: "epsilon=1e-5".
func (c *Context) OperatorGraph(op string, dtype DType, shapes string, attributes ...string) (*Graph, error) {
	return c.make(func(p *C.tenon_context, out **C.tenon_graph, e **C.tenon_error) C.int32_t {
		var a arena
		defer a.free()
		source := (*C.tenon_operator_source)(a.alloc(1, unsafe.Sizeof(C.tenon_operator_source{})))
		source.header.struct_size = C.uint32_t(unsafe.Sizeof(*source))
		source.header.struct_kind = C.TENON_KIND_OPERATOR_SOURCE
		source.op, source.op_length = a.text(op)
		source.dtype, source.dtype_length = a.text(dtype.String())
		source.shapes, source.shapes_length = a.text(shapes)
		source.attributes = a.texts(attributes)
		source.attribute_count = C.size_t(len(attributes))
		return C.tenon_graph_from_operator(p, source, out, e)
	})
}

func (a *arena) texts(texts []string) **C.char {
	block := (**C.char)(a.alloc(len(texts), unsafe.Sizeof((*C.char)(nil))))
	for i, text := range texts {
		unsafe.Slice(block, len(texts))[i], _ = a.text(text)
	}
	return block
}

// use locks the graph; done unlocks it.
func (g *Graph) use() (*C.tenon_graph, error) {
	p, err := g.handle.use()
	if err == nil {
		g.mutex.Lock()
	}
	return (*C.tenon_graph)(p), err
}

func (g *Graph) done() {
	g.mutex.Unlock()
	g.handle.done()
}

// Close ends the graph. Programs and modules made from it stay.
func (g *Graph) Close() { g.handle.close() }

// value is a call that gives out a value.
func (g *Graph) value(call func(*C.tenon_graph, *C.tenon_value, **C.tenon_error) C.int32_t) (Value, error) {
	p, err := g.use()
	if err != nil {
		return None, err
	}
	defer g.done()
	var out C.tenon_value
	var e *C.tenon_error
	if err := check(call(p, &out, &e), e); err != nil {
		return None, err
	}
	return Value{g, out}, nil
}

// Input adds an argument of the graph. A size may be Dynamic.
func (g *Graph) Input(name string, dtype DType, dims ...int64) (Value, error) {
	return g.value(func(p *C.tenon_graph, out *C.tenon_value, e **C.tenon_error) C.int32_t {
		data, length := chars(name)
		list, rank := sizes(dims)
		return C.tenon_go_add_input(p, data, length, list, rank, C.tenon_dtype(dtype), out, e)
	})
}

// Param adds a named tensor of a parameter archive. alias: its name in the graph; "": the same.
func (g *Graph) Param(name, alias string, dtype DType, dims ...int64) (Value, error) {
	return g.value(func(p *C.tenon_graph, out *C.tenon_value, e **C.tenon_error) C.int32_t {
		data, length := chars(name)
		other, otherLength := chars(alias)
		list, rank := sizes(dims)
		return C.tenon_go_add_param(p, data, length, other, otherLength, list, rank, C.tenon_dtype(dtype), out, e)
	})
}

// Constant adds a constant; the data is copied.
func (g *Graph) Constant(name string, data *Tensor) (Value, error) {
	tensor, err := data.use()
	if err != nil {
		return None, err
	}
	defer data.handle.done()
	return g.value(func(p *C.tenon_graph, out *C.tenon_value, e **C.tenon_error) C.int32_t {
		text, length := chars(name)
		return C.tenon_go_add_constant(p, text, length, tensor, out, e)
	})
}

// Find gives a value by its name: "x", "norm", "norm:1", "norm:sum".
func (g *Graph) Find(name string) (Value, error) {
	return g.value(func(p *C.tenon_graph, out *C.tenon_value, e **C.tenon_error) C.int32_t {
		data, length := chars(name)
		return C.tenon_graph_find_value(p, data, length, out, e)
	})
}

// Type is the type of a value of this graph.
func (g *Graph) Type(value Value) (Type, error) {
	p, err := g.use()
	if err != nil {
		return Type{}, err
	}
	defer g.done()
	number, err := g.number("type", value)
	if err != nil {
		return Type{}, err
	}
	var view C.tenon_type_view
	var e *C.tenon_error
	if err := check(C.tenon_graph_get_type(p, number, &view, &e), e); err != nil {
		return Type{}, err
	}
	return copyType(view.dtype, view.dims, view.rank), nil
}

func (g *Graph) number(what string, value Value) (C.tenon_value, error) {
	if value.graph == nil {
		return C.TENON_VALUE_NONE, nil
	}
	if value.graph != g {
		return 0, fail(InvalidArgument, "use values that this graph gave out", "[%s] a value of another graph", what)
	}
	return value.number, nil
}

// NamedOperand is an operand by its name in the operator's schema.
type NamedOperand struct {
	Name  string
	Value Value
}

// NodeRequest says what node to add.
type NodeRequest struct {
	Name          string         // unique in the graph; "": made from the operator's name
	Op            string         // "rms_norm", an alias, "example.my_norm"
	Operands      []Value        // by position, None for absent ones; or
	NamedOperands []NamedOperand // by name
	Attributes    Attributes
}

// maxResults is room for what a node gives; no operator is near it.
const maxResults = 1024

// Add adds a node and gives its results in the operator's order, None for an absent one. On failure the graph is as it was.
func (g *Graph) Add(request NodeRequest) ([]Value, error) {
	var a arena
	defer a.free()
	c := (*C.tenon_node_request)(a.alloc(1, unsafe.Sizeof(C.tenon_node_request{})))
	c.header.struct_size = C.uint32_t(unsafe.Sizeof(*c))
	c.header.struct_kind = C.TENON_KIND_NODE_REQUEST
	c.op, c.op_length = a.text(request.Op)
	operands := request.Operands
	if len(request.NamedOperands) > 0 {
		if len(operands) > 0 {
			return nil, fail(InvalidArgument, "give all of them one way", "[%s] operands are given by position and by name", request.Op)
		}
		names := make([]string, len(request.NamedOperands))
		for i, operand := range request.NamedOperands {
			names[i] = operand.Name
			operands = append(operands, operand.Value)
		}
		c.operand_names = a.texts(names)
	}
	numbers := (*C.tenon_value)(a.alloc(len(operands), unsafe.Sizeof(C.tenon_value(0))))
	for i, operand := range operands {
		number, err := g.number(request.Op, operand)
		if err != nil {
			return nil, err
		}
		unsafe.Slice(numbers, len(operands))[i] = number
	}
	c.operands, c.operand_count = numbers, C.size_t(len(operands))
	var err error
	if c.attributes, c.attribute_count, err = a.attributes(request.Attributes); err != nil {
		return nil, err
	}
	p, err := g.use()
	if err != nil {
		return nil, err
	}
	defer g.done()
	results := make([]C.tenon_value, maxResults)
	var count C.size_t
	for {
		name := request.Name
		if name == "" {
			name = g.nextName(request.Op)
		}
		c.name, c.name_length = a.text(name)
		var e *C.tenon_error
		code := C.tenon_graph_add_node(p, c, &results[0], C.size_t(len(results)), &count, &e)
		err := check(code, e)
		taken := request.Name == "" && Code(code) == AlreadyExists
		if request.Name == "" && (err == nil || taken) {
			g.numbers[request.Op]++
		}
		if err == nil {
			break
		}
		if !taken {
			return nil, err
		}
	}
	values := make([]Value, 0, count)
	for _, number := range results[:count] {
		if number == C.TENON_VALUE_NONE {
			values = append(values, None)
		} else {
			values = append(values, Value{g, number})
		}
	}
	return values, nil
}

func (g *Graph) nextName(op string) string {
	base := op[strings.LastIndex(op, ".")+1:]
	if number := g.numbers[op]; number > 0 {
		return fmt.Sprintf("%s_%d", base, number)
	}
	return base
}

// Node adds a node and gives its first result. Add does everything else.
func (g *Graph) Node(op string, operands []Value, attributes Attributes) (Value, error) {
	values, err := g.Add(NodeRequest{Op: op, Operands: operands, Attributes: attributes})
	if err != nil {
		return None, err
	}
	return values[0], nil
}

// Output names a value as a result of the graph.
func (g *Graph) Output(name string, value Value) error {
	p, err := g.use()
	if err != nil {
		return err
	}
	defer g.done()
	number, err := g.number("output", value)
	if err != nil {
		return err
	}
	var e *C.tenon_error
	data, length := chars(name)
	return check(C.tenon_graph_add_output(p, data, length, number, &e), e)
}

// YAML is the graph as a graph file's text.
func (g *Graph) YAML() (string, error) {
	p, err := g.use()
	if err != nil {
		return "", err
	}
	defer g.done()
	var out *C.tenon_blob
	var e *C.tenon_error
	if err := check(C.tenon_graph_to_yaml(p, &out, &e), e); err != nil {
		return "", err
	}
	return string(take(out)), nil
}

// ParamsFile is the parameter file that the graph file names, or "".
func (g *Graph) ParamsFile() (string, error) {
	p, err := g.use()
	if err != nil {
		return "", err
	}
	defer g.done()
	var length C.size_t
	data := C.tenon_graph_get_params_file(p, &length)
	return C.GoStringN(data, C.int(length)), nil
}

// Verify compares each kernel step with the interpreter on inputs drawn from the seed. params may be nil.
func (g *Graph) Verify(params *Params, options VerifyOptions) (report json.RawMessage, failed int, err error) {
	archive, release, err := params.optional()
	if err != nil {
		return nil, 0, err
	}
	defer release()
	p, err := g.use()
	if err != nil {
		return nil, 0, err
	}
	defer g.done()
	var out *C.tenon_blob
	var count C.uint32_t
	var e *C.tenon_error
	if err := check(C.tenon_go_verify_graph(p, archive, C.uint64_t(options.Seed), &out, &count, &e), e); err != nil {
		return nil, 0, err
	}
	return take(out), int(count), nil
}
