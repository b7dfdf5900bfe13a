//! Building, reading, lowering and running graphs: what comes out is compared with formulas in f64.
use std::path::PathBuf;
use tenon::*;

fn context() -> Context {
    ContextOptions::new().no_environment().threads(2).build().unwrap()
}

/// A folder that goes when it is dropped.
struct Folder(PathBuf);
impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("tenon-rust-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn near(got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((f64::from(*got) - want).abs() <= 1e-6 * want.abs().max(1e-3), "{got} instead of {want}");
    }
}
fn rms(row: &[f32], scale: &[f32]) -> Vec<f64> {
    let mean = row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / row.len() as f64;
    row.iter().zip(scale).map(|(&v, &s)| f64::from(v) / (mean + 1e-6).sqrt() * f64::from(s)).collect()
}

const X: [f32; 8] = [1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 1.0, 0.25];
const W: [f32; 4] = [1.0, 1.5, 2.0, 0.5];

#[test]
fn operands_by_name_and_absent_ones_and_two_results() {
    let context = context();
    let mut graph = Graph::new(&context, "g").unwrap();
    let x = graph.input("x", DType::F32, &[2, 4]).unwrap();
    let r = graph.input("r", DType::F32, &[2, 4]).unwrap();
    let by_name = graph.node("a", "rms_norm").operand("residual", r).operand("input", x).add().unwrap();
    let by_order = graph.node("b", "rms_norm").operands(&[x]).absent().operands(&[r]).add().unwrap();
    assert!(by_name.len() == 2 && by_name.iter().all(Option::is_some) && by_order.len() == 2);
    let alone = graph.node("c", "rms_norm").operands(&[x]).add().unwrap();
    assert_eq!(alone[1..], [None]); // no residual, no sum
    assert_eq!(graph.find("a:sum").unwrap(), by_name[1].unwrap());
    assert_eq!(graph.type_of(by_name[1].unwrap()).unwrap(), Type::new(DType::F32, &[2, 4]));
    for (name, value) in [("y", by_name[0]), ("sum", by_name[1]), ("same", by_order[0]), ("c", alone[0])] {
        graph.output(name, value.unwrap()).unwrap();
    }
    let program = graph.compile().unwrap();
    let residual = [0.5f32; 8];
    let mut out = [[0.0f32; 8]; 4];
    let mut views: Vec<ViewMut<'_>> = out.iter_mut().map(|y| ViewMut::new(y, &[2, 4]).unwrap()).collect();
    program.run(&[View::new(&X, &[2, 4]).unwrap(), View::new(&residual, &[2, 4]).unwrap()], &mut views).unwrap();
    let sum: Vec<f32> = X.iter().map(|v| v + 0.5).collect();
    assert_eq!(out[1][..], sum);
    assert_eq!(out[0], out[2]);
    near(&out[0], &[rms(&sum[..4], &[1.0; 4]), rms(&sum[4..], &[1.0; 4])].concat());
    near(&out[3], &[rms(&X[..4], &[1.0; 4]), rms(&X[4..], &[1.0; 4])].concat());
}

#[test]
fn many_results_of_one_node() {
    let context = context();
    let mut graph = Graph::new(&context, "g").unwrap();
    let x = graph.input("x", DType::I32, &[40, 2]).unwrap();
    let parts = graph.node("parts", "split").operands(&[x]).attr("parts", 20).add().unwrap();
    assert_eq!(parts.len(), 20);
    for (i, part) in parts.iter().enumerate() {
        assert_eq!(graph.find(&format!("parts:{i}")).unwrap(), part.unwrap());
    }
}

#[test]
fn attributes_of_every_kind() {
    let context = context();
    let mut graph = Graph::new(&context, "g").unwrap();
    let x = graph.input("x", DType::F32, &[2, 4]).unwrap();
    let t = graph.node("t", "transpose").operands(&[x]).attr("permutation", [1, 0]).one().unwrap();
    assert_eq!(graph.type_of(t).unwrap().dims, [4, 2]);
    let c = graph.node("c", "cast").operands(&[x]).attr("to", DType::BF16).one().unwrap();
    assert_eq!(graph.type_of(c).unwrap().dtype, DType::BF16);
    let r = graph.node("r", "reduce_sum").operands(&[x]).attr("axes", vec![-1]).attr("keepdims", true).one().unwrap();
    assert_eq!(graph.type_of(r).unwrap().dims, [2, 1]);
    let n = graph.node("n", "rms_norm").operands(&[x]).attr("epsilon", "1e-3").one().unwrap();
    assert_eq!(graph.type_of(n).unwrap().dims, [2, 4]);
}

#[test]
fn files_and_parameters() {
    let (context, folder) = (context(), Folder::new("files"));
    let mut graph = Graph::new(&context, "g").unwrap();
    let x = graph.input("x", DType::F32, &[2, 4]).unwrap();
    let w = graph.param("model.norm.weight", Some("w"), DType::F32, &[4]).unwrap();
    let y = graph.node("norm", "rms_norm").operands(&[x, w]).one().unwrap();
    graph.output("y", y).unwrap();

    let weights = folder.file("weights.safetensors");
    save_tensors(&weights, &[("other", View::new(&X, &[8]).unwrap()), ("model.norm.weight", View::new(&W, &[4]).unwrap())]).unwrap();
    let params = Params::open(&context, &weights).unwrap();
    assert_eq!((params.len(), params.is_empty()), (2, false));
    let (name, view) = params.get(0).unwrap();
    assert_eq!((name, view.unwrap().dims(), view.unwrap().dtype()), ("model.norm.weight", &[4][..], DType::F32));
    assert_eq!(view.unwrap().element(1).unwrap(), 1.5);
    assert_eq!(params.get(2).unwrap_err().code(), Code::OUT_OF_RANGE);
    assert!(graph.compile().is_err()); // no parameters given

    // Whatever is dropped first.
    let program = graph.compile_with(&ProgramOptions { params: Some(&params), strict: true, ..Default::default() }).unwrap();
    let yaml = graph.to_yaml().unwrap();
    graph.write_params(&params, folder.file("copy.irpa")).unwrap();
    let module = graph.lower(&Target::find(&context, "xla").unwrap(), Some(&params)).unwrap();
    drop((graph, params));
    let mut y = [0.0f32; 8];
    program.run(&[View::new(&X, &[2, 4]).unwrap()], &mut [ViewMut::new(&mut y, &[2, 4]).unwrap()]).unwrap();
    near(&y, &[rms(&X[..4], &W), rms(&X[4..], &W)].concat());
    assert!(module.text().unwrap().starts_with("module @g") && module.decisions().unwrap().starts_with('{'));

    let again = Graph::parse(&context, &yaml, "again.yaml", Unused::Refuse).unwrap();
    assert_eq!(again.to_yaml().unwrap(), yaml);
    std::fs::write(folder.file("g.yaml"), &yaml).unwrap();
    let loaded = Graph::load(&context, folder.file("g.yaml"), Unused::Prune).unwrap();
    assert_eq!((loaded.to_yaml().unwrap(), loaded.params_file()), (yaml, ""));
    assert_eq!(Params::open(&context, folder.file("copy.irpa")).unwrap().len(), 1);

    // .npy, and back.
    View::new(&X, &[2, 4]).unwrap().save(folder.file("x.npy")).unwrap();
    let tensor = Tensor::load(&context, folder.file("x.npy"), None).unwrap();
    assert_eq!((tensor.dtype(), tensor.dims(), tensor.as_slice::<f32>().unwrap()), (DType::F32, &[2, 4][..], &X[..]));
    assert!(context.inspect(folder.file("x.npy")).unwrap().contains("f32"));
}

#[test]
fn dynamic_sizes() {
    let context = context();
    let mut graph = Graph::new(&context, "g").unwrap();
    let x = graph.input("x", DType::F32, &[DYNAMIC, 4]).unwrap();
    let y = graph.node("norm", "rms_norm").operands(&[x]).one().unwrap();
    graph.output("y", y).unwrap();
    let program = graph.compile().unwrap();
    assert_eq!(program.inputs().unwrap(), [Port { name: "x".into(), of: Type::new(DType::F32, &[DYNAMIC, 4]) }]);
    assert_eq!((program.steps(), program.outputs().unwrap()[0].of.to_string()), (0, "f32[?, 4]".into()));
    assert_eq!(program.explain().unwrap_err().code(), Code::FAILED_PRECONDITION);
    let bound = program.bind(&[Type::new(DType::F32, &[2, 4])]).unwrap();
    assert_eq!((bound.steps(), &bound.outputs().unwrap()[0].of.dims[..]), (1, &[2, 4][..]));
    assert!(bound.plan().unwrap().contains("rms_norm"));
    assert!(bound.report().unwrap().contains("\"steps\"") && bound.explain().unwrap().contains("chosen"));
    drop(program);
    let mut y = [0.0f32; 8];
    let mut nanoseconds = [0];
    let options = RunOptions { step_nanoseconds: Some(&mut nanoseconds), ..Default::default() };
    bound.run_with(&[View::new(&X, &[2, 4]).unwrap().into()], &mut [ViewMut::new(&mut y, &[2, 4]).unwrap()], options).unwrap();
    assert!(nanoseconds[0] > 0);
    near(&y, &[rms(&X[..4], &[1.0; 4]), rms(&X[4..], &[1.0; 4])].concat());
    let timed = graph.compile_with(&ProgramOptions { timeline: true, ..Default::default() }).unwrap();
    let timed = timed.bind(&[Type::new(DType::F32, &[2, 4])]).unwrap();
    let options = RunOptions { step_nanoseconds: Some(&mut nanoseconds), ..Default::default() };
    timed.run_with(&[View::new(&X, &[2, 4]).unwrap().into()], &mut [ViewMut::new(&mut y, &[2, 4]).unwrap()], options).unwrap();
    assert!(timed.report().unwrap().contains("\"timeline\"") && !bound.report().unwrap().contains("\"timeline\""));
    let reference = graph.compile_with(&ProgramOptions { reference: true, ..Default::default() }).unwrap();
    let mut z = [0.0f32; 4];
    reference.run(&[View::new(&X[..4], &[1, 4]).unwrap()], &mut [ViewMut::new(&mut z, &[1, 4]).unwrap()]).unwrap();
    near(&z, &rms(&X[..4], &[1.0; 4]));
}

#[test]
fn every_kind_of_memory() {
    let context = context();
    let mut graph = Graph::new(&context, "g").unwrap();
    let a = graph.input("a", DType::F32, &[2, 3]).unwrap();
    let half = graph.constant("c", &View::from_bytes(DType::F32, &0.5f32.to_ne_bytes(), &[]).unwrap()).unwrap();
    let y = graph.node("y", "mul").operands(&[a, half]).one().unwrap();
    graph.output("y", y).unwrap();
    let program = graph.compile().unwrap();
    // Columns of a larger array, backwards, into a transposed place.
    let x: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let mut y = [0.0f32; 6];
    let input = View::with_strides(&x, 11, &[2, 3], &[-6, -2]).unwrap();
    program.run(&[input], &mut [ViewMut::with_strides(&mut y, 0, &[2, 3], &[1, 2]).unwrap()]).unwrap();
    assert_eq!(y, [5.5, 2.5, 4.5, 1.5, 3.5, 0.5]);
    // Bytes at an odd address.
    let mut bytes = vec![0u8];
    x[..6].iter().for_each(|v| bytes.extend(v.to_ne_bytes()));
    let mut out = [0u8; 25];
    let output = ViewMut::from_bytes(DType::F32, &mut out[1..], &[2, 3]).unwrap();
    program.run(&[View::from_bytes(DType::F32, &bytes[1..], &[2, 3]).unwrap()], &mut [output]).unwrap();
    let got: Vec<f32> = out[1..].chunks(4).map(|b| f32::from_ne_bytes([b[0], b[1], b[2], b[3]])).collect();
    assert_eq!(got, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
    // The same memory in and out.
    let mut same = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
    program.run_with(&[Input::SameAs(0)], &mut [ViewMut::new(&mut same, &[2, 3]).unwrap()], RunOptions::default()).unwrap();
    assert_eq!(same, [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]);
}

#[test]
fn sixteen_bits_and_truth() {
    let context = context();
    let mut graph = Graph::new(&context, "g").unwrap();
    let a = graph.input("a", DType::BF16, &[3]).unwrap();
    let b = graph.input("b", DType::BF16, &[3]).unwrap();
    let m = graph.input("m", DType::I1, &[3]).unwrap();
    let s = graph.node("s", "select").operands(&[m, a, b]).one().unwrap();
    let n = graph.node("n", "not").operands(&[m]).one().unwrap();
    graph.output("s", s).unwrap();
    graph.output("n", n).unwrap();
    let program = graph.compile().unwrap();
    let (a, b) = ([1.0f32, 2.0, 3.1].map(BF16::from_f32), [-1.0f32, -2.0, -3.0].map(BF16::from_f32));
    let (mut s, mut n) = ([BF16(0); 3], [I1(7); 3]);
    let inputs = [View::new(&a, &[3]).unwrap(), View::new(&b, &[3]).unwrap(), View::new(&[true, false, true], &[3]).unwrap()];
    program.run(&inputs, &mut [ViewMut::new(&mut s, &[3]).unwrap(), ViewMut::new(&mut n, &[3]).unwrap()]).unwrap();
    assert_eq!(s.map(BF16::to_f32), [1.0, -2.0, 3.09375]); // 3.1 has no bf16
    assert_eq!(n.map(I1::get), [false, true, false]);
}

#[test]
fn no_elements() {
    let context = context();
    let graph = Graph::from_operator(&context, "rms_norm", "f32", "0x4", &["epsilon=1e-5"]).unwrap();
    let program = graph.compile().unwrap();
    let (x, mut y) = ([0.0f32; 0], [0.0f32; 0]);
    program.run(&[View::new(&x, &[0, 4]).unwrap()], &mut [ViewMut::new(&mut y, &[0, 4]).unwrap()]).unwrap();
}

#[test]
fn tensors_and_dlpack() {
    let context = context();
    let mut a = Tensor::zeros(&context, DType::F32, &[16]).unwrap();
    assert_eq!(a.as_slice::<f32>().unwrap(), [0.0; 16]);
    assert_eq!(a.view().raw_address() % 64, 0);
    a.fill_random(7).unwrap();
    let mut b = Tensor::zeros(&context, DType::F32, &[16]).unwrap();
    b.fill_random(7).unwrap();
    assert_eq!(a.as_slice::<f32>().unwrap(), b.as_slice::<f32>().unwrap());
    assert!(a.as_slice::<f32>().unwrap().iter().any(|&v| v != 0.0));
    b.as_mut_slice::<f32>().unwrap()[3] = 5.0;
    assert_eq!(b.view().element(3).unwrap(), 5.0);

    // A Vec in, the same memory out, and back.
    let elements = vec![1i64, 2, 3, 4];
    let address = elements.as_ptr();
    let tensor = Tensor::from_vec(&context, elements, &[2, 2]).unwrap();
    assert_eq!(tensor.as_slice::<i64>().unwrap().as_ptr(), address);
    let dlpack = tensor.into_dlpack().unwrap();
    let seen = unsafe { &(*dlpack.as_ptr()).dl_tensor };
    assert_eq!((seen.data as usize, seen.ndim, seen.dtype.code, seen.dtype.bits), (address as usize, 2, 0, 64));
    let mut back = unsafe { Tensor::from_dlpack(&context, dlpack.into_raw()) }.unwrap();
    back.as_mut_slice::<i64>().unwrap()[0] = 9;
    assert_eq!((back.dims(), back.as_slice::<i64>().unwrap()), (&[2, 2][..], &[9, 2, 3, 4][..]));
    drop(Tensor::from_vec(&context, vec![F16(0); 2], &[2]).unwrap().into_dlpack().unwrap());
}

/// A DLPack tensor of another library: every second number, misaligned if it starts one byte further, read-only if flags say so.
fn foreign(
    context: &Context,
    numbers: &'static [f32],
    dims: &'static [i64],
    strides: &'static [i64],
    offset: u64,
    flags: u64,
) -> Result<Tensor> {
    use sys::*;
    unsafe extern "C" fn delete(managed: *mut DLManagedTensorVersioned) {
        drop(Box::from_raw(managed));
    }
    let dl_tensor = DLTensor {
        data: numbers.as_ptr() as *mut _,
        device: DLDevice { device_type: 1, device_id: 0 },
        ndim: dims.len() as i32,
        dtype: DLDataType { code: 2, bits: 32, lanes: 1 },
        shape: dims.as_ptr() as *mut _,
        strides: strides.as_ptr() as *mut _,
        byte_offset: offset,
    };
    let version = DLPackVersion { major: 1, minor: 0 };
    let managed = DLManagedTensorVersioned { version, manager_ctx: std::ptr::null_mut(), deleter: Some(delete), flags, dl_tensor };
    // SAFETY: the numbers live for ever, and where they are written they are not flagged.
    unsafe { Tensor::from_dlpack(context, Box::into_raw(Box::new(managed))) }
}

#[test]
fn tensors_of_other_libraries() {
    static NUMBERS: [f32; 8] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    let context = context();
    let strided = foreign(&context, &NUMBERS, &[2, 2], &[4, 2], 4, 1).unwrap();
    assert_eq!((strided.view().element(3).unwrap(), strided.dims()), (7.0, &[2, 2][..]));
    assert_eq!(strided.as_slice::<f32>().unwrap_err().code(), Code::INVALID_ARGUMENT);
    let mut read_only = foreign(&context, &NUMBERS, &[4], &[1], 0, 1).unwrap();
    assert_eq!(read_only.as_slice::<f32>().unwrap(), &NUMBERS[..4]);
    assert_eq!(read_only.view_mut().unwrap_err().code(), Code::FAILED_PRECONDITION);
    assert_eq!(read_only.as_mut_slice::<f32>().unwrap_err().code(), Code::FAILED_PRECONDITION);
    let misaligned = foreign(&context, &NUMBERS, &[2], &[1], 1, 1).unwrap();
    assert_eq!(misaligned.as_slice::<f32>().unwrap_err().code(), Code::INVALID_ARGUMENT);

    // A run takes all of them.
    let mut graph = Graph::new(&context, "g").unwrap();
    let x = graph.input("x", DType::F32, &[2, 2]).unwrap();
    let y = graph.node("y", "add").operands(&[x, x]).one().unwrap();
    graph.output("y", y).unwrap();
    let mut y = [0.0f32; 4];
    graph.compile().unwrap().run(&[strided.view()], &mut [ViewMut::new(&mut y, &[2, 2]).unwrap()]).unwrap();
    assert_eq!(y, [2.0, 6.0, 10.0, 14.0]);
}

trait Address {
    fn raw_address(&self) -> usize;
}
impl Address for View<'_> {
    fn raw_address(&self) -> usize {
        // A View is repr(transparent) over the C struct, whose first field is the address.
        unsafe { *(self as *const View<'_>).cast::<usize>() }
    }
}

#[test]
fn reports_and_proof() {
    let context = context();
    assert_eq!(version(), env!("CARGO_PKG_VERSION"));
    assert!(context.operators(None).unwrap().contains("\"rms_norm\""));
    assert!(context.operators(Some("rms_norm")).unwrap().contains("epsilon"));
    assert!(context.plugins().unwrap().contains("tenon.normalization"));
    assert!(context.targets().unwrap().contains("\"iree\""));
    assert!(context.machine().unwrap().contains("level"));
    context.preload_plugin("tenon.normalization").unwrap();
    let options = VerifyOptions { dtype: Some("f32".into()), seed: 3, random_cases: 5, ..Default::default() };
    let verdict = context.verify("rms_norm", &options).unwrap();
    assert!(verdict.failed == 0 && verdict.json.contains("random_4"));
    let graph = Graph::from_operator(&context, "rms_norm", "bf16", "4x640,640", &[]).unwrap();
    assert_eq!(graph.verify(None, &VerifyOptions::default()).unwrap().failed, 0);
    assert!(Target::find(&context, "iree").unwrap().yaml().contains("name: iree"));
}
