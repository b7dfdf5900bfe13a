//! Creating and dropping everything leaves nothing: neither of Rust's memory nor of the C library's.
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, Ordering};
use tenon::*;

struct Counting;
static LIVE: AtomicI64 = AtomicI64::new(0);

// SAFETY: the system's allocator, counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(1, Ordering::Relaxed);
        System.alloc(layout)
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
        System.dealloc(memory, layout)
    }
}
#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[repr(C)]
#[derive(Default)]
struct Mallinfo {
    arena: usize,
    ordblks: usize,
    smblks: usize,
    hblks: usize,
    hblkhd: usize,
    usmblks: usize,
    fsmblks: usize,
    uordblks: usize,
    fordblks: usize,
    keepcost: usize,
}
extern "C" {
    fn mallinfo2() -> Mallinfo;
}

/// Bytes that the whole process has from malloc.
fn in_use() -> usize {
    let info = unsafe { mallinfo2() };
    info.uordblks + info.hblkhd
}

fn everything() {
    let context = ContextOptions::new().no_environment().threads(1).log(LogLevel::Error, |_, _, _| {}).build().unwrap();
    let mut graph = Graph::new(&context, "g").unwrap();
    let x = graph.input("x", DType::F32, &[DYNAMIC, 64]).unwrap();
    let w = graph.constant("w", &View::new(&[1.0f32; 64], &[64]).unwrap()).unwrap();
    let y = graph.node("norm", "rms_norm").operands(&[x, w]).attr("epsilon", 1e-5).one().unwrap();
    let s = graph.node("s", "reduce_sum").operands(&[y]).attr("axes", [-1]).one().unwrap();
    graph.output("s", s).unwrap();
    let error = graph.node("wrong", "rms_norm").operands(&[x]).attr("epsilom", 1.0).add().unwrap_err();
    assert!(!error.report().is_empty() && !error.payload().contains(&("", "")));
    drop(error);
    let _ = View::new(&[1.0f32; 3], &[4]).unwrap_err();
    let module = graph.lower(&Target::find(&context, "iree").unwrap(), None).unwrap();
    assert!(!module.text().unwrap().is_empty() && !module.decisions().unwrap().is_empty());
    let program = graph.compile().unwrap();
    let (x, mut y) = ([1.0f32; 128], [0.0f32; 2]);
    program.run(&[View::new(&x, &[2, 64]).unwrap()], &mut [ViewMut::new(&mut y, &[2]).unwrap()]).unwrap();
    let bound = program.bind(&[Type::new(DType::F32, &[3, 64])]).unwrap();
    assert!(!bound.plan().unwrap().is_empty() && !bound.explain().unwrap().is_empty() && !bound.inputs().unwrap().is_empty());
    let tensor = Tensor::from_vec(&context, vec![1.0f32; 1000], &[1000]).unwrap();
    let raw = tensor.into_dlpack().unwrap().into_raw();
    drop(unsafe { Tensor::from_dlpack(&context, raw) }.unwrap());
    drop(Tensor::zeros(&context, DType::F64, &[100, 100]).unwrap());
    drop(Graph::parse(&context, &graph.to_yaml().unwrap(), "g.yaml", Unused::Prune).unwrap());
    assert!(context.plugins().unwrap().len() > 100);
}

/// glibc keeps freed memory of each size at hand, and counts it as in use: without that, equal means equal.
const TUNABLES: &str = "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0";

#[test]
fn nothing_is_left() {
    if std::env::var("GLIBC_TUNABLES").as_deref() != Ok(TUNABLES) {
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        let output = again.args(["--exact", "nothing_is_left", "--nocapture"]).env("GLIBC_TUNABLES", TUNABLES).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("after 20 rounds"), "{said}");
        return;
    }
    // What lives for the process is made in the first rounds: the mapped plugins, and what they keep.
    for _ in 0..4 {
        everything();
    }
    let (live, bytes) = (LIVE.load(Ordering::Relaxed), in_use());
    for _ in 0..20 {
        everything();
    }
    let grown = in_use() as i64 - bytes as i64;
    println!("after 20 rounds {grown} bytes more");
    assert_eq!(LIVE.load(Ordering::Relaxed), live, "allocations of Rust");
    assert_eq!(grown, 0);
}
