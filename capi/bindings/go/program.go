package tenon

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"encoding/json"
	"runtime"
	"unsafe"
)

// ProgramOptions says which kernels a program may use, and where its parameters are. The zero value is the default.
type ProgramOptions struct {
	Reference    bool    // only the interpreter
	Strict       bool    // an operator without a kernel is an error that names it
	Bitwise      bool    // only kernels that claim determinism bit by bit
	MaxULP       float64 // only kernels that claim at most this; 0: any
	Params       *Params // for graphs with parameters
	PinnedPlugin string  // kernels of this plugin first
}

// Program is a planned graph: planned once, run often, from any goroutine.
type Program struct {
	handle          *handle
	context         *Context
	inputs, outputs []NamedType
}

// Compile plans the graph. options may be nil. A graph with dynamic sizes is planned when they are known: by each run, or by Bind.
func (g *Graph) Compile(options *ProgramOptions) (*Program, error) {
	if options == nil {
		options = &ProgramOptions{}
	}
	flags := C.uint32_t(0)
	if options.Reference {
		flags |= C.TENON_PROGRAM_REFERENCE
	}
	if options.Strict {
		flags |= C.TENON_PROGRAM_STRICT
	}
	if options.Bitwise {
		flags |= C.TENON_PROGRAM_BITWISE
	}
	archive, release, err := options.Params.optional()
	if err != nil {
		return nil, err
	}
	defer release()
	p, err := g.use()
	if err != nil {
		return nil, err
	}
	defer g.done()
	var out *C.tenon_program
	var e *C.tenon_error
	plugin, length := chars(options.PinnedPlugin)
	code := C.tenon_go_compile(p, flags, C.double(options.MaxULP), archive, plugin, length, &out, &e)
	if err := check(code, e); err != nil {
		return nil, err
	}
	parents := []*handle{g.context.handle}
	if options.Params != nil {
		parents = append(parents, options.Params.handle)
	}
	return newProgram(g.context, out, parents...)
}

func newProgram(c *Context, out *C.tenon_program, parents ...*handle) (*Program, error) {
	p := &Program{context: c}
	p.handle = newHandle(unsafe.Pointer(out), "program", func(p unsafe.Pointer) { C.tenon_program_destroy((*C.tenon_program)(p)) }, parents...)
	runtime.SetFinalizer(p, (*Program).Close)
	for i := C.size_t(0); i < C.tenon_program_get_input_count(out); i++ {
		var name *C.char
		var length C.size_t
		var view C.tenon_type_view
		C.tenon_program_get_input(out, i, &name, &length, &view, nil)
		p.inputs = append(p.inputs, NamedType{C.GoStringN(name, C.int(length)), copyType(view.dtype, view.dims, view.rank)})
	}
	for i := C.size_t(0); i < C.tenon_program_get_output_count(out); i++ {
		var name *C.char
		var length C.size_t
		var view C.tenon_type_view
		C.tenon_program_get_output(out, i, &name, &length, &view, nil)
		p.outputs = append(p.outputs, NamedType{C.GoStringN(name, C.int(length)), copyType(view.dtype, view.dims, view.rank)})
	}
	return p, nil
}

// Inputs are the graph's inputs, in order. A size that is not bound is Dynamic.
func (p *Program) Inputs() []NamedType { return append([]NamedType(nil), p.inputs...) }

// Outputs are the graph's outputs, in order.
func (p *Program) Outputs() []NamedType { return append([]NamedType(nil), p.outputs...) }

// NewOutputs makes tensors for the outputs, which must have no dynamic size: Bind gives a program whose outputs have none.
func (p *Program) NewOutputs() ([]*Tensor, error) {
	var made []*Tensor
	for _, output := range p.outputs {
		t, err := p.context.NewTensor(output.DType, output.Dims...)
		if err != nil {
			for _, t := range made {
				t.Close()
			}
			return nil, err
		}
		made = append(made, t)
	}
	return made, nil
}

// Bind is the program for inputs of these types, in order, every size known: so that the outputs' types, the plan and the reports can be asked for.
func (p *Program) Bind(inputs ...Type) (*Program, error) {
	program, err := p.use()
	if err != nil {
		return nil, err
	}
	defer p.handle.done()
	var a arena
	defer a.free()
	var out *C.tenon_program
	var e *C.tenon_error
	if err := check(C.tenon_program_bind(program, a.types(inputs), C.size_t(len(inputs)), &out, &e), e); err != nil {
		return nil, err
	}
	return newProgram(p.context, out, p.handle)
}

func (p *Program) use() (*C.tenon_program, error) {
	program, err := p.handle.use()
	return (*C.tenon_program)(program), err
}

// Close ends the program, once its runs are over.
func (p *Program) Close() { p.handle.close() }

// Run is one run's tensors: inputs and outputs, in the program's order. An output may be the very tensor of an input, and is else not one of them.
type Run struct{ Inputs, Outputs []*Tensor }

// Run runs the program once.
func (p *Program) Run(inputs, outputs []*Tensor) error {
	_, err := p.run([]Run{{inputs, outputs}}, nil)
	return err
}

// RunMany makes runs one after the other in one call of C, which costs less than a call for each. It stops at the first that fails; done is how many
// went well.
func (p *Program) RunMany(runs []Run) (done int, err error) { return p.run(runs, nil) }

// RunContext is RunMany that stops soon after ctx is done, with an error of code Cancelled whose cause is ctx.Err().
func (p *Program) RunContext(ctx context.Context, runs []Run) (done int, err error) {
	if ctx.Done() == nil {
		return p.run(runs, nil)
	}
	if err := ctx.Err(); err != nil {
		return 0, cancelled(err)
	}
	flag := (*C.int32_t)(C.calloc(1, C.size_t(unsafe.Sizeof(C.int32_t(0)))))
	if flag == nil {
		return 0, fail(ResourceExhausted, "", "out of memory")
	}
	over, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ctx.Done():
			C.tenon_go_set(flag)
		case <-over:
		}
	}()
	done, err = p.run(runs, flag)
	close(over)
	<-watched
	C.free(unsafe.Pointer(flag))
	if e, ok := err.(*Error); ok && e.Code == Cancelled && e.Cause == nil {
		e.Cause = ctx.Err()
	}
	return done, err
}

func cancelled(cause error) error {
	e := fail(Cancelled, "", "cancelled before the first run")
	e.Cause = cause
	return e
}

func (p *Program) run(runs []Run, cancel *C.int32_t) (int, error) {
	program, err := p.use()
	if err != nil {
		return 0, err
	}
	defer p.handle.done()
	if len(runs) == 0 {
		return 0, nil
	}
	inputs, outputs := len(runs[0].Inputs), len(runs[0].Outputs)
	// A slice of C pointers: C memory is all that they point to.
	tensors := make([]*C.tenon_tensor, 0, len(runs)*(inputs+outputs)+1)
	used := make([]*handle, 0, cap(tensors))
	defer func() {
		for _, h := range used {
			h.done()
		}
	}()
	for i, run := range runs {
		if len(run.Inputs) != inputs || len(run.Outputs) != outputs {
			return 0, fail(InvalidArgument, "give every run as many tensors", "run %d has %d inputs and %d outputs, the first %d and %d", i, len(run.Inputs),
				len(run.Outputs), inputs, outputs)
		}
		for _, list := range [][]*Tensor{run.Inputs, run.Outputs} {
			for _, t := range list {
				tensor, err := t.use()
				if err != nil {
					return 0, err
				}
				used = append(used, t.handle)
				tensors = append(tensors, tensor)
			}
		}
	}
	var done C.size_t
	var e *C.tenon_error
	first := &append(tensors, nil)[0] // also where there are none
	code := C.tenon_go_run_many(program, first, C.size_t(len(runs)), C.size_t(inputs), C.size_t(outputs), cancel, &done, &e)
	return int(done), check(code, e)
}

func (p *Program) report(call func(*C.tenon_program, **C.tenon_blob, **C.tenon_error) C.int32_t) ([]byte, error) {
	program, err := p.use()
	if err != nil {
		return nil, err
	}
	defer p.handle.done()
	var out *C.tenon_blob
	var e *C.tenon_error
	if err := check(call(program, &out, &e), e); err != nil {
		return nil, err
	}
	return take(out), nil
}

// Plan is the plan for a person: steps, kernels, buffers.
func (p *Program) Plan() (string, error) {
	text, err := p.report(func(program *C.tenon_program, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		return C.tenon_program_print(program, out, e)
	})
	return string(text), err
}

// Report says what runs where: steps with node, operator, kernel, plugin, level, bytes and operations; memory.
func (p *Program) Report() (json.RawMessage, error) {
	return p.report(func(program *C.tenon_program, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		return C.tenon_program_report_json(program, out, e)
	})
}

// Explain lists every candidate kernel of every step: chosen, or the rule that removed it and the remedy.
func (p *Program) Explain() (json.RawMessage, error) {
	return p.report(func(program *C.tenon_program, out **C.tenon_blob, e **C.tenon_error) C.int32_t {
		return C.tenon_program_explain_json(program, out, e)
	})
}
