//! Wrong input gives errors, and everything works on.
use tenon::*;

fn context() -> Context {
    ContextOptions::new().no_environment().threads(1).build().unwrap()
}
fn code<T>(result: Result<T>) -> Code {
    match result {
        Ok(_) => panic!("this must fail"),
        Err(error) => {
            assert!(!error.message().is_empty(), "{error:?}");
            error.code()
        }
    }
}
fn norm(context: &Context) -> Program {
    let mut graph = Graph::new(context, "norm").unwrap();
    let x = graph.input("x", DType::F32, &[2, 4]).unwrap();
    let y = graph.node("norm", "rms_norm").operands(&[x]).one().unwrap();
    graph.output("y", y).unwrap();
    graph.compile().unwrap()
}

#[test]
fn an_error_says_what_where_and_what_to_do() {
    let context = context();
    let mut graph = Graph::new(&context, "g").unwrap();
    let x = graph.input("x", DType::F32, &[2, 4]).unwrap();
    let error = graph.node("norm", "rms_norm").operands(&[x]).attr("epsilom", 1e-5).add().unwrap_err();
    assert_eq!(error.code(), Code::INVALID_ARGUMENT);
    assert!(error.message().contains("epsilom"));
    assert_eq!(error.advice(), "did you mean epsilon?");
    assert_eq!((error.place().node, error.place().line, error.domain()), ("norm", 0, "core"));
    assert!(error.json().contains("\"INVALID_ARGUMENT\""));
    assert!(error.report().contains("did you mean epsilon?") && error.report().contains("norm"));
    assert_eq!(format!("{error}"), format!("INVALID_ARGUMENT: {}", error.message()));
    assert_eq!(format!("{error:?}"), error.report().trim_end());
    graph.node("norm", "rms_norm").operands(&[x]).add().unwrap(); // the name is not taken

    let text =
        "tenon: 1\nname: g\ninputs:\n- {name: x, dtype: f32, shape: [4]}\nnodes:\n- {name: y, op: rms_morn, inputs: [x]}\noutputs: [y]\n";
    let error = Graph::parse(&context, text, "g.yaml", Unused::Refuse).unwrap_err();
    assert_eq!(error.code(), Code::NOT_FOUND);
    assert_eq!((error.place().file, error.place().line), ("g.yaml", 6));
    assert!(error.place().column > 0 && error.advice().contains("rms_norm"));
}

#[test]
fn a_plugin_that_is_refused_says_why() {
    // Its library is missing.
    let folder = std::env::temp_dir().join(format!("tenon-rust-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let manifest = "schema: 1\nname: org.example.gone\nversion: \"1\"\nkind: operators\nnamespace: gone\nlibrary: gone.so\narch: ARCH\n\
                    api: {major: 1, min_minor: 0, built_minor: 0}\nops:\n- name: gone\n  version: 1\n  operands: [{name: x, type: f32}]\n  \
                    results: [{name: y, like: x}]\n  infer: same\n";
    std::fs::write(folder.join("gone.tenon.yaml"), manifest.replace("ARCH", std::env::consts::ARCH)).unwrap();
    let context = ContextOptions::new().no_environment().plugin_path(&folder).build().unwrap();
    let error = context.preload_plugin("org.example.gone").unwrap_err();
    let plugins = context.plugins().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(error.report().contains("gone.so"), "{error:?}");
    assert!(plugins.contains("REJECTED") && plugins.contains("org.example.gone"));
    // The causes end, and each says something.
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        assert!(!error.to_string().is_empty());
        cause = error.source();
    }
}

#[test]
fn options_are_checked() {
    assert_eq!(code(ContextOptions::new().arch("mmx").build()), Code::CPU_UNSUPPORTED);
    assert_eq!(code(ContextOptions::new().threads(100_000).build()), Code::INVALID_ARGUMENT);
    assert_eq!(code(ContextOptions::new().plugin_path("").build()), Code::INVALID_ARGUMENT);
    let context = context();
    assert_eq!(code(Target::find(&context, "nowhere")), Code::NOT_FOUND);
    assert_eq!(code(context.operators(Some("no_such_operator"))), Code::NOT_FOUND);
    assert_eq!(code(context.verify("no_such_operator", &VerifyOptions::default())), Code::NOT_FOUND);
    assert_eq!(code(context.inspect("/no/such/file.npy")), Code::NOT_FOUND);
    assert_eq!(code(context.preload_plugin("no.such.plugin")), Code::NOT_FOUND);
    assert_eq!(code(Params::open(&context, "/no/such/file.safetensors")), Code::NOT_FOUND);
    assert_eq!(code(Tensor::load(&context, "/no/such/file.npy", None)), Code::NOT_FOUND);
    assert_eq!(code(Graph::load(&context, "/no/such/graph.yaml", Unused::Refuse)), Code::NOT_FOUND);
    assert_eq!(code(Graph::from_operator(&context, "rms_norm", "f33", "4x8", &[])), Code::INVALID_ARGUMENT);
    assert_eq!(code(Graph::from_operator(&context, "rms_norm", "f32", "4x8", &["epsi\0lon=1"])), Code::INVALID_ARGUMENT);
}

#[test]
fn graphs_are_checked() {
    let context = context();
    let mut graph = Graph::new(&context, "g").unwrap();
    let x = graph.input("x", DType::F32, &[2, 4]).unwrap();
    assert_eq!(code(graph.input("x", DType::F32, &[1])), Code::ALREADY_EXISTS);
    assert_eq!(code(graph.input("z", DType(99), &[1])), Code::INVALID_ARGUMENT);
    assert_eq!(code(graph.input("z", DType::F32, &[-3])), Code::INVALID_ARGUMENT);
    assert_eq!(code(graph.input("z", DType::F32, &[1; 33])), Code::INVALID_ARGUMENT);
    assert_eq!(code(graph.find("nothing")), Code::NOT_FOUND);
    assert_eq!(code(graph.node("n", "no_such_operator").operands(&[x]).add()), Code::NOT_FOUND);
    assert_eq!(code(graph.node("n", "rms_norm").operands(&[x, x, x, x, x, x]).add()), Code::INVALID_ARGUMENT);
    assert_eq!(code(graph.node("n", "rms_norm").operand("input", x).operands(&[x]).add()), Code::INVALID_ARGUMENT);
    assert_eq!(code(graph.node("n", "rms_norm").operand("in\0put", x).add()), Code::INVALID_ARGUMENT);
    assert_eq!(code(graph.node("n", "rms_norm").operand("imput", x).add()), Code::INVALID_ARGUMENT);
    assert_eq!(code(graph.node("n", "rms_norm").operands(&[x]).attr("epsilon", "much").add()), Code::INVALID_ARGUMENT);
    assert_eq!(code(graph.node("n", "rms_norm").operands(&[x]).attr("epsilon", -1.0).add()), Code::OUT_OF_RANGE);
    // A value of another, larger graph.
    let mut other = Graph::new(&context, "other").unwrap();
    let mut far = x;
    for i in 0..9 {
        far = other.input(&format!("i{i}"), DType::F32, &[1]).unwrap();
    }
    assert!(graph.node("n", "rms_norm").operands(&[far]).add().is_err());
    assert!(graph.output("y", far).is_err() && graph.type_of(far).is_err());
    let y = graph.node("n", "rms_norm").operands(&[x]).one().unwrap();
    graph.output("y", y).unwrap();
    assert_eq!(code(graph.output("y", y)), Code::ALREADY_EXISTS);
    graph.compile().unwrap();
}

#[test]
fn views_are_checked() {
    let x = [1.0f32; 8];
    for dims in [&[2, 3][..], &[9], &[-8], &[i64::MAX, 2], &[DYNAMIC, 4], &[3, 0]] {
        assert_eq!(code(View::new(&x, dims)), Code::INVALID_ARGUMENT, "{dims:?}");
    }
    assert_eq!(code(View::new(&x[..1], &[1; 33])), Code::INVALID_ARGUMENT);
    assert_eq!(code(View::new(&x[..0], &[0, -1])), Code::INVALID_ARGUMENT);
    View::new(&x[..0], &[0, i64::MAX, i64::MAX]).unwrap();
    // Strides: inside the data, one per size.
    assert_eq!(code(View::with_strides(&x, 0, &[2, 4], &[4])), Code::INVALID_ARGUMENT);
    assert_eq!(code(View::with_strides(&x, 1, &[2, 4], &[4, 1])), Code::INVALID_ARGUMENT);
    assert_eq!(code(View::with_strides(&x, 0, &[2], &[-1])), Code::INVALID_ARGUMENT);
    assert_eq!(code(View::with_strides(&x, 0, &[3], &[i64::MAX])), Code::INVALID_ARGUMENT);
    assert_eq!(code(View::with_strides(&x, 9, &[0], &[1])), Code::INVALID_ARGUMENT);
    View::with_strides(&x, 7, &[8], &[-1]).unwrap();
    View::with_strides(&x, 3, &[100, 100], &[0, 0]).unwrap();
    // What is written is reached once.
    let mut y = [0.0f32; 8];
    assert_eq!(code(ViewMut::with_strides(&mut y, 0, &[2, 2], &[0, 1])), Code::INVALID_ARGUMENT);
    assert_eq!(code(ViewMut::with_strides(&mut y, 0, &[2, 4], &[2, 1])), Code::INVALID_ARGUMENT);
    ViewMut::with_strides(&mut y, 0, &[4, 2], &[1, 4]).unwrap();
    ViewMut::with_strides(&mut y, 7, &[2, 4], &[-4, -1]).unwrap();
    // Bytes: whole elements of a dtype.
    assert_eq!(code(View::from_bytes(DType::F32, &[0; 7], &[2])), Code::INVALID_ARGUMENT);
    assert_eq!(code(View::from_bytes(DType(99), &[0; 8], &[2])), Code::INVALID_ARGUMENT);
    assert_eq!(code(View::new(&x, &[8]).unwrap().element(8)), Code::OUT_OF_RANGE);
}

#[test]
fn runs_are_checked() {
    let context = context();
    let program = norm(&context);
    let (x, wide) = ([1.0f32; 8], [1.0f64; 8]);
    let mut y = [7.0f32; 8];
    let good = View::new(&x, &[2, 4]).unwrap();
    assert_eq!(code(program.run(&[], &mut [ViewMut::new(&mut y, &[2, 4]).unwrap()])), Code::INVALID_ARGUMENT);
    assert_eq!(code(program.run(&[good], &mut [])), Code::INVALID_ARGUMENT);
    assert_eq!(
        code(program.run(&[View::new(&x, &[4, 2]).unwrap()], &mut [ViewMut::new(&mut y, &[2, 4]).unwrap()])),
        Code::INVALID_ARGUMENT
    );
    assert_eq!(
        code(program.run(&[View::new(&wide, &[2, 4]).unwrap()], &mut [ViewMut::new(&mut y, &[2, 4]).unwrap()])),
        Code::INVALID_ARGUMENT
    );
    assert_eq!(code(program.run(&[good], &mut [ViewMut::new(&mut y, &[8]).unwrap()])), Code::INVALID_ARGUMENT);
    let outputs = &mut [ViewMut::new(&mut y, &[2, 4]).unwrap()];
    assert_eq!(code(program.run_with(&[Input::SameAs(1)], outputs, RunOptions::default())), Code::OUT_OF_RANGE);
    let stop = std::sync::atomic::AtomicI32::new(1);
    let options = RunOptions { cancel: Some(&stop), ..RunOptions::default() };
    assert_eq!(code(program.run_with(&[good.into()], outputs, options)), Code::CANCELLED);
    assert_eq!(code(program.bind(&[Type::new(DType::F32, &[3, 4])])), Code::INVALID_ARGUMENT);
    program.run(&[good], outputs).unwrap();
    assert!((y[0] - 1.0).abs() < 1e-5);
}

#[test]
fn tensors_are_checked() {
    let context = context();
    assert_eq!(code(Tensor::zeros(&context, DType::F32, &[DYNAMIC])), Code::INVALID_ARGUMENT);
    assert_eq!(code(Tensor::zeros(&context, DType(0), &[1])), Code::INVALID_ARGUMENT);
    assert_eq!(code(Tensor::from_vec(&context, vec![1.0f32; 3], &[4])), Code::INVALID_ARGUMENT);
    assert_eq!(code(Tensor::from_vec(&context, vec![I4(1); 4], &[4])), Code::UNIMPLEMENTED);
    let mut tensor = Tensor::from_vec(&context, vec![1.0f32; 4], &[4]).unwrap();
    assert_eq!(code(tensor.fill_random(1)), Code::FAILED_PRECONDITION);
    assert_eq!(code(tensor.as_slice::<i32>()), Code::INVALID_ARGUMENT);
    assert_eq!(tensor.as_slice::<f32>().unwrap(), [1.0; 4]);
    assert_eq!(code(save_tensors("/no/such/folder/x.safetensors", &[("x", tensor.view())])), Code::NOT_FOUND);
    assert_eq!(code(save_tensors("x.safetensors", &[("x\0", tensor.view())])), Code::INVALID_ARGUMENT);
}
