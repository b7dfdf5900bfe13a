//! A program's own log, memory and threads.
use std::alloc::{alloc, dealloc, Layout};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tenon::*;

#[derive(Clone, Default)]
struct Counting(Arc<Counts>);
#[derive(Default)]
struct Counts {
    live: AtomicI64,
    bytes: AtomicI64,
    calls: AtomicUsize,
}

// SAFETY: the system's memory; nothing panics.
unsafe impl Allocator for Counting {
    fn allocate(&self, bytes: usize, align: usize) -> *mut u8 {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
        self.0.live.fetch_add(1, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes as i64, Ordering::Relaxed);
        Layout::from_size_align(bytes.max(1), align).map_or(std::ptr::null_mut(), |layout| unsafe { alloc(layout) })
    }
    unsafe fn release(&self, memory: *mut u8, bytes: usize, align: usize) {
        self.0.live.fetch_sub(1, Ordering::Relaxed);
        self.0.bytes.fetch_sub(bytes as i64, Ordering::Relaxed);
        dealloc(memory, Layout::from_size_align_unchecked(bytes.max(1), align));
    }
}

fn softmax(context: &Context, rows: i64) -> Vec<f32> {
    let shape = format!("{rows}x512");
    let program = Graph::from_operator(context, "softmax", "f32", &shape, &[]).unwrap().compile().unwrap();
    let x: Vec<f32> = (0..rows * 512).map(|i| (i % 7) as f32).collect();
    let mut y = vec![0.0f32; x.len()];
    // A strided output is staged, in memory of the allocator.
    let program_run = |y: &mut [f32]| {
        let output = ViewMut::with_strides(y, 0, &[512, 512], &[1, 512]);
        match rows {
            512 => program.run(&[View::with_strides(&x, 0, &[512, 512], &[1, 512]).unwrap()], &mut [output.unwrap()]).unwrap(),
            _ => program.run(&[View::new(&x, &[rows, 512]).unwrap()], &mut [ViewMut::new(y, &[rows, 512]).unwrap()]).unwrap(),
        }
    };
    program_run(&mut y);
    y
}

#[test]
fn an_allocator_gets_everything_back() {
    let counting = Counting::default();
    let context = ContextOptions::new().no_environment().threads(2).allocator(counting.clone()).build().unwrap();
    softmax(&context, 4);
    softmax(&context, 512);
    assert!(counting.0.calls.load(Ordering::Relaxed) > 0);
    drop(context);
    assert_eq!((counting.0.live.load(Ordering::Relaxed), counting.0.bytes.load(Ordering::Relaxed)), (0, 0));
    assert_eq!(Arc::strong_count(&counting.0), 1); // the hook went with the context
}

struct NoMemory;
// SAFETY: gives nothing.
unsafe impl Allocator for NoMemory {
    fn allocate(&self, _: usize, _: usize) -> *mut u8 {
        std::ptr::null_mut()
    }
    unsafe fn release(&self, _: *mut u8, _: usize, _: usize) {}
}

#[test]
fn no_memory_is_an_error() {
    let context = ContextOptions::new().no_environment().allocator(NoMemory).build().unwrap();
    let program = Graph::from_operator(&context, "softmax", "f32", "4x8", &[]).unwrap().compile();
    let (x, mut y) = ([0.0f32; 32], [0.0f32; 32]);
    let result = program.and_then(|p| p.run(&[View::new(&x, &[4, 8])?], &mut [ViewMut::new(&mut y, &[4, 8])?]));
    assert_eq!(result.unwrap_err().code(), Code::RESOURCE_EXHAUSTED);
}

#[test]
fn a_log_hears_and_may_panic() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = lines.clone();
    let context = ContextOptions::new()
        .no_environment()
        .log(LogLevel::Debug, move |level, category, text| {
            kept.lock().unwrap().push((level, category.to_string(), text.to_string()));
            if text.contains("refused") {
                panic!("in a log");
            }
        })
        .plugin_manifest("/no/such/manifest.tenon.yaml")
        .build()
        .unwrap();
    softmax(&context, 4);
    drop(context);
    let lines = Arc::try_unwrap(lines).unwrap().into_inner().unwrap(); // the hook went with the context
    assert!(!lines.is_empty());
    assert!(lines.iter().all(|(_, category, text)| !category.is_empty() && !text.is_empty()), "{lines:?}");
}

#[derive(Clone, Default)]
struct Pool(Arc<AtomicUsize>);

// SAFETY: the parts cover 0..count, each thread has a slot of its own, and the scope waits for all.
unsafe impl ThreadPool for Pool {
    fn threads(&self) -> u32 {
        3
    }
    fn parallel_for(&self, count: usize, grain: usize, task: Task) {
        self.0.fetch_add(1, Ordering::Relaxed);
        let part = grain.max((count + 2) / 3);
        std::thread::scope(|scope| {
            for slot in 0..3 {
                let (begin, end) = ((slot * part).min(count), ((slot + 1) * part).min(count));
                if begin < end {
                    scope.spawn(move || unsafe { task.run(begin, if slot == 2 { count } else { end }, slot) });
                }
            }
        });
    }
}

#[test]
fn a_thread_pool_runs_kernels() {
    let pool = Pool::default();
    let mine = ContextOptions::new().no_environment().thread_pool(pool.clone()).build().unwrap();
    let alone = ContextOptions::new().no_environment().threads(1).build().unwrap();
    assert_eq!(softmax(&mine, 2000), softmax(&alone, 2000));
    assert!(pool.0.load(Ordering::Relaxed) > 0);
    drop(mine);
    assert_eq!(Arc::strong_count(&pool.0), 1);
}
