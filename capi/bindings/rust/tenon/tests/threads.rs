//! What may cross threads does, and a program runs on many at once.
use tenon::*;

fn send_and_sync<T: Send + Sync>() {}
fn send<T: Send>() {}

#[test]
fn objects_may_cross_threads() {
    send_and_sync::<Context>();
    send_and_sync::<Graph>();
    send_and_sync::<Program>();
    send_and_sync::<Params>();
    send_and_sync::<Target>();
    send_and_sync::<Module>();
    send_and_sync::<Tensor>();
    send_and_sync::<Error>();
    send_and_sync::<View<'static>>();
    send_and_sync::<ViewMut<'static>>();
    send::<Dlpack>();
}

#[test]
fn one_program_on_many_threads() {
    let context = ContextOptions::new().no_environment().threads(2).build().unwrap();
    let graph = Graph::from_operator(&context, "rms_norm", "f32", "64x256,256", &["epsilon=1e-5"]).unwrap();
    let program = graph.compile().unwrap();
    drop((graph, context)); // the program keeps what it needs
    let scale = vec![1.0f32; 256];
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (program, scale) = (&program, &scale);
            scope.spawn(move || {
                for round in 0..20 {
                    let value = (thread * 100 + round + 1) as f32;
                    let (x, mut y) = (vec![value; 64 * 256], vec![0.0f32; 64 * 256]);
                    let inputs = [View::new(&x, &[64, 256]).unwrap(), View::new(scale, &[256]).unwrap()];
                    program.run(&inputs, &mut [ViewMut::new(&mut y, &[64, 256]).unwrap()]).unwrap();
                    assert!(y.iter().all(|&v| (v - 1.0).abs() < 1e-5), "{}", y[0]);
                    // equal numbers have the norm 1
                }
            });
        }
    });
}

#[test]
fn graphs_on_many_threads_of_one_context() {
    let context = ContextOptions::new().no_environment().build().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let context = &context;
            scope.spawn(move || {
                for op in ["rms_norm", "softmax", "silu", "reduce_sum"] {
                    let graph = Graph::from_operator(context, op, "f32", "4x8", &[]).unwrap();
                    let target = Target::find(context, if thread % 2 == 0 { "iree" } else { "xla" }).unwrap();
                    assert!(graph.lower(&target, None).unwrap().text().unwrap().contains("stablehlo"));
                    let error = Graph::from_operator(context, op, "f32", "4x8", &["nothing=1"]).unwrap_err();
                    std::thread::spawn(move || assert_eq!(error.code(), Code::INVALID_ARGUMENT)).join().unwrap();
                    graph.compile().unwrap();
                }
            });
        }
    });
}

extern "C" {
    fn fork() -> i32;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(status: i32) -> !;
}

#[test]
fn a_child_goes_on_with_the_context() {
    let context = ContextOptions::new().no_environment().threads(2).build().unwrap();
    let program = Graph::from_operator(&context, "rms_norm", "f32", "64x256", &[]).unwrap().compile().unwrap();
    let run = || {
        let (x, mut y) = (vec![3.0f32; 64 * 256], vec![0.0f32; 64 * 256]);
        program.run(&[View::new(&x, &[64, 256])?], &mut [ViewMut::new(&mut y, &[64, 256])?])?;
        Ok::<bool, Error>((y[16383] - 1.0).abs() < 1e-5)
    };
    assert!(run().unwrap());
    // SAFETY: the child makes the new pool first, and ends without the parent's destructors.
    let status = unsafe {
        let child = fork();
        if child == 0 {
            let right = context.after_fork_child().and_then(|()| run());
            _exit(if matches!(right, Ok(true)) { 7 } else { 1 });
        }
        let mut status = 0;
        assert_eq!(waitpid(child, &mut status, 0), child);
        status
    };
    assert_eq!(status >> 8, 7);
    assert!(run().unwrap());
}
