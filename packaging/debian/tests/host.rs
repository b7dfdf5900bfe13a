// A host in Rust over the C interface alone: parses a graph, runs it, compares with the formula in f64; then an error and its advice.
use std::ffi::{c_void, CStr};
use std::os::raw::c_char;
use std::ptr::{null, null_mut};

// As in tenon/base.h.
#[repr(C)]
struct TensorView {
    data: *mut c_void,
    dims: *const i64,
    strides: *const i64,
    rank: i32,
    dtype: i32,
    flags: u32,
    reserved0: u32,
}

enum Context {}
enum Graph {}
enum Program {}
enum Error {}

#[link(name = "tenon")]
extern "C" {
    fn tenon_version() -> *const c_char;
    fn tenon_context_create(options: *const c_void, out: *mut *mut Context, error: *mut *mut Error) -> i32;
    fn tenon_context_destroy(context: *mut Context);
    fn tenon_graph_parse(context: *mut Context, text: *const c_char, length: usize, file: *const c_char, file_length: usize, flags: u32,
        out: *mut *mut Graph, error: *mut *mut Error) -> i32;
    fn tenon_graph_destroy(graph: *mut Graph);
    fn tenon_graph_compile(graph: *const Graph, options: *const c_void, out: *mut *mut Program, error: *mut *mut Error) -> i32;
    fn tenon_program_run(program: *const Program, inputs: *const TensorView, input_count: usize, outputs: *const TensorView,
        output_count: usize, options: *const c_void, error: *mut *mut Error) -> i32;
    fn tenon_program_destroy(program: *mut Program);
    fn tenon_error_get_report(error: *const Error, length: *mut usize) -> *const c_char;
    fn tenon_error_release(error: *mut Error);
}

const F32: i32 = 16;
const GRAPH: &str = "tenon: 1
name: norm
inputs:
- {name: x, dtype: f32, shape: [2, 4]}
- {name: w, dtype: f32, shape: [4]}
nodes:
- {name: y, op: rms_norm, inputs: [x, w], attributes: {epsilon: 1.0e-5}}
outputs: [y]
";

unsafe fn text(pointer: *const c_char) -> String {
    CStr::from_ptr(pointer).to_string_lossy().into_owned()
}

unsafe fn check(code: i32, error: *mut Error) -> Result<(), String> {
    if code == 0 {
        return Ok(());
    }
    let report = text(tenon_error_get_report(error, null_mut()));
    tenon_error_release(error);
    Err(report)
}

unsafe fn parse(context: *mut Context, yaml: &str) -> Result<*mut Graph, String> {
    let (mut graph, mut error) = (null_mut(), null_mut());
    let file = "norm.yaml";
    let code = tenon_graph_parse(context, yaml.as_ptr().cast(), yaml.len(), file.as_ptr().cast(), file.len(), 0, &mut graph, &mut error);
    check(code, error).map(|()| graph)
}

fn view(data: &mut [f32], dims: &[i64]) -> TensorView {
    TensorView { data: data.as_mut_ptr().cast(), dims: dims.as_ptr(), strides: null(), rank: dims.len() as i32, dtype: F32, flags: 0, reserved0: 0 }
}

fn main() -> Result<(), String> {
    let mut x = [1.0f32, 2.0, 3.0, 4.0, -1.0, 0.0, 1.0, 0.0];
    let mut w = [1.0f32, 1.0, 2.0, 0.5];
    let mut y = [0.0f32; 8];
    unsafe {
        println!("libtenon {}", text(tenon_version()));
        let (mut context, mut program, mut error) = (null_mut(), null_mut(), null_mut());
        check(tenon_context_create(null(), &mut context, &mut error), error)?;
        let graph = parse(context, GRAPH)?;
        check(tenon_graph_compile(graph, null(), &mut program, &mut error), error)?;
        let inputs = [view(&mut x, &[2, 4]), view(&mut w, &[4])];
        let outputs = [view(&mut y, &[2, 4])];
        check(tenon_program_run(program, inputs.as_ptr(), 2, outputs.as_ptr(), 1, null(), &mut error), error)?;
        tenon_program_destroy(program);
        tenon_graph_destroy(graph);

        match parse(context, &GRAPH.replace("epsilon", "epsilom")) {
            Ok(_) => return Err("a misspelt attribute was accepted".into()),
            Err(report) => {
                println!("as expected: {report}");
                if !report.contains("norm.yaml:7") || !report.contains("advice") {
                    return Err("the error names no place or gives no advice".into());
                }
            }
        }
        tenon_context_destroy(context);
    }
    for (row, values) in x.chunks(4).enumerate() {
        let mean = values.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() / 4.0;
        for i in 0..4 {
            let want = f64::from(values[i]) / (mean + 1e-5).sqrt() * f64::from(w[i]);
            let got = f64::from(y[row * 4 + i]);
            if (got - want).abs() > 1e-6 * want.abs() {
                return Err(format!("y[{row},{i}] is {got}, the formula gives {want}"));
            }
        }
    }
    println!("{y:?}");
    Ok(())
}
