//! Programs: a graph planned once, run often.
use crate::context::Context;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::params::Params;
use crate::raw::{check, data, lent_text, make, text};
use crate::view::{View, ViewMut};
use std::ptr::{null, NonNull};
use std::sync::atomic::AtomicI32;
use tenon_sys::types::{Code, Type};
use tenon_sys::*;

/// A planned graph: kernels chosen, buffers assigned. Any number of threads may run it at once.
#[derive(Debug)]
pub struct Program {
    raw: NonNull<tenon_program>,
    params: Option<Params>,
    context: Context,
}

// SAFETY: runs and readers are `@threads any`; the destruction is Drop's.
unsafe impl Send for Program {}
unsafe impl Sync for Program {}

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: owned; parameters and context are dropped after it.
        unsafe { tenon_program_destroy(self.raw.as_ptr()) };
    }
}

/// How a graph shall be planned. `Default`: the fastest kernels, no parameters.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProgramOptions<'a> {
    /// Only the interpreter.
    pub reference: bool,
    /// An operator without a kernel is an error that names it.
    pub strict: bool,
    /// Only kernels that claim the same bits on every machine.
    pub bitwise: bool,
    /// Runs that time their steps also keep when each step and each part of it ran: [`Program::report`] then has a `timeline`.
    pub timeline: bool,
    /// Only kernels that claim at most this; 0: any.
    pub max_ulp: f64,
    /// The tensors of the graph's parameters.
    pub params: Option<&'a Params>,
    /// Kernels of this plugin first.
    pub pinned_plugin: Option<&'a str>,
}

/// An input of [`Program::run_with`].
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// This tensor.
    View(View<'a>),
    /// What the memory of that output holds before the run, which the run then replaces: a cache that is updated in place.
    SameAs(usize),
}

impl<'a> From<View<'a>> for Input<'a> {
    fn from(view: View<'a>) -> Input<'a> {
        Input::View(view)
    }
}

/// How a run shall be.
#[derive(Debug, Default)]
pub struct RunOptions<'a> {
    /// Takes the nanoseconds of each step, as many as it has room for.
    pub step_nanoseconds: Option<&'a mut [u64]>,
    /// Another thread stores a number other than 0 here to stop the run soon, with `CANCELLED`.
    pub cancel: Option<&'a AtomicI32>,
}

/// An input or output of a program. A size that is not bound is [`DYNAMIC`](crate::DYNAMIC).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Its type.
    pub of: Type,
}

impl Graph {
    /// Plans the graph with the options' defaults.
    pub fn compile(&self) -> Result<Program> {
        self.compile_with(&ProgramOptions::default())
    }
    /// Plans the graph. With dynamic sizes it is planned when they are known: by each run, or by [`Program::bind`]. What was planned for
    /// some sizes is kept for the next run with them.
    pub fn compile_with(&self, options: &ProgramOptions<'_>) -> Result<Program> {
        let flag = |set: bool, flag: u32| if set { flag } else { 0 };
        let pinned = options.pinned_plugin.unwrap_or("");
        let raw_options = tenon_program_options {
            flags: flag(options.reference, TENON_PROGRAM_REFERENCE)
                | flag(options.strict, TENON_PROGRAM_STRICT)
                | flag(options.bitwise, TENON_PROGRAM_BITWISE)
                | flag(options.timeline, TENON_PROGRAM_TIMELINE),
            max_ulp: options.max_ulp,
            params: options.params.map_or(null(), |params| params.raw() as *const _),
            pinned_plugin: if pinned.is_empty() { null() } else { data(pinned) },
            pinned_plugin_length: pinned.len(),
            ..tenon_program_options::INIT
        };
        // SAFETY: all are alive, and the program keeps parameters and context.
        let raw = make(|out, error| unsafe { tenon_graph_compile(self.raw(), &raw_options, out, error) })?;
        Ok(Program { raw, params: options.params.cloned(), context: self.context().clone() })
    }
}

// Programs of ordinary width run without the heap.
const INLINE: usize = 16;

impl Program {
    /// The program for inputs of these types, in order, every size known. It shares what is planned with this one.
    pub fn bind(&self, inputs: &[Type]) -> Result<Program> {
        let types: Vec<tenon_type_view> = inputs.iter().map(Type::view).collect();
        // SAFETY: the program is alive; the types are copied.
        let raw = make(|out, error| unsafe { tenon_program_bind(self.raw.as_ptr(), types.as_ptr(), types.len(), out, error) })?;
        Ok(Program { raw, params: self.params.clone(), context: self.context.clone() })
    }

    /// Runs the program: inputs and outputs in the graph's order. No allocation after the first run of a thread.
    pub fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        // SAFETY: views are what C calls views, and borrow their memory: outputs theirs alone.
        check(|error| unsafe {
            let (input, output) = (inputs.as_ptr().cast(), outputs.as_ptr().cast());
            tenon_program_run(self.raw.as_ptr(), input, inputs.len(), output, outputs.len(), null(), error)
        })
    }

    /// The same with options, and with inputs that share the memory of an output.
    pub fn run_with(&self, inputs: &[Input<'_>], outputs: &mut [ViewMut<'_>], options: RunOptions<'_>) -> Result<()> {
        let mut raw_options = tenon_run_options::INIT;
        if let Some(room) = options.step_nanoseconds {
            raw_options.step_nanoseconds = room.as_mut_ptr();
            raw_options.step_capacity = room.len();
        }
        if let Some(cancel) = options.cancel {
            raw_options.cancel = cancel as *const AtomicI32 as *const i32;
        }
        let view = |input: &Input<'_>| match *input {
            Input::View(view) => Ok(*view.raw()),
            Input::SameAs(index) => outputs.get(index).map(|output| *output.raw()).ok_or_else(|| {
                let message = format!("an input shares the memory of output {index}, there are {} outputs", outputs.len());
                Error::new(Code::OUT_OF_RANGE, message, "")
            }),
        };
        let (mut few, mut many) = ([tenon_tensor_view::INIT; INLINE], Vec::new());
        let views = if inputs.len() <= INLINE {
            for (place, input) in few.iter_mut().zip(inputs) {
                *place = view(input)?;
            }
            few.as_ptr()
        } else {
            many = inputs.iter().map(view).collect::<Result<Vec<_>>>()?;
            many.as_ptr()
        };
        // SAFETY: as for run; where an input shares an output's memory it is the very same view of it, which the library allows.
        let result = check(|error| unsafe {
            let output = outputs.as_ptr().cast();
            tenon_program_run(self.raw.as_ptr(), views, inputs.len(), output, outputs.len(), &raw_options, error)
        });
        drop(many);
        result
    }

    /// The inputs, in order.
    pub fn inputs(&self) -> Result<Vec<Port>> {
        // SAFETY: the program is alive.
        let count = unsafe { tenon_program_get_input_count(self.raw.as_ptr()) };
        (0..count).map(|index| self.port(index, tenon_program_get_input)).collect()
    }
    /// The outputs, in order.
    pub fn outputs(&self) -> Result<Vec<Port>> {
        // SAFETY: the program is alive.
        let count = unsafe { tenon_program_get_output_count(self.raw.as_ptr()) };
        (0..count).map(|index| self.port(index, tenon_program_get_output)).collect()
    }
    fn port(&self, index: usize, get: GetPort) -> Result<Port> {
        let (mut name, mut length, mut of) = (null(), 0, tenon_type_view::INIT);
        // SAFETY: what is lent lives as long as the program, and is copied.
        unsafe {
            check(|error| get(self.raw.as_ptr(), index, &mut name, &mut length, &mut of, error))?;
            let name = lent_text(|out| {
                *out = length;
                name
            });
            Ok(Port { name: name.to_string(), of: Type::of(&of) })
        }
    }

    /// How many steps there are; 0 while sizes are not bound.
    pub fn steps(&self) -> usize {
        // SAFETY: the program is alive, here and below.
        unsafe { tenon_program_get_step_count(self.raw.as_ptr()) }
    }
    /// The plan for a person: steps, kernels, buffers.
    pub fn plan(&self) -> Result<String> {
        text(|out, error| unsafe { tenon_program_print(self.raw.as_ptr(), out, error) })
    }
    /// What runs where, as JSON.
    pub fn report(&self) -> Result<String> {
        text(|out, error| unsafe { tenon_program_report_json(self.raw.as_ptr(), out, error) })
    }
    /// Every candidate kernel of every step, as JSON: chosen, or the rule that removed it and the remedy.
    pub fn explain(&self) -> Result<String> {
        text(|out, error| unsafe { tenon_program_explain_json(self.raw.as_ptr(), out, error) })
    }
}

type GetPort = unsafe extern "C" fn(
    *const tenon_program,
    usize,
    *mut *const std::os::raw::c_char,
    *mut usize,
    *mut tenon_type_view,
    *mut *mut tenon_error,
) -> i32;
