//! What a program may give to a context: a log, memory, threads. Here is what stands between them and C.
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null_mut;
use tenon_sys::*;

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum LogLevel {
    /// Something failed.
    Error = TENON_LOG_ERROR,
    /// Something is odd.
    Warning = TENON_LOG_WARNING,
    /// What a user may want to know.
    Info = TENON_LOG_INFO,
    /// What an author wants to know.
    Debug = TENON_LOG_DEBUG,
}

/// Called with level, category (`"loader"`, `"plan"`, a plugin's name) and a line, from any thread, never under a lock of the library.
pub type Log = dyn Fn(LogLevel, &str, &str) + Send + Sync;

pub(crate) unsafe extern "C" fn log(user: *mut c_void, level: i32, category: *const c_char, text: *const c_char, length: usize) {
    let log = &*user.cast::<Box<Log>>();
    let level = match level {
        TENON_LOG_ERROR => LogLevel::Error,
        TENON_LOG_WARNING => LogLevel::Warning,
        TENON_LOG_INFO => LogLevel::Info,
        _ => LogLevel::Debug,
    };
    // A panic must not reach the library; the line is lost.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        log(
            level,
            crate::raw::lent(category),
            crate::raw::lent_text(|out| {
                *out = length;
                text
            }),
        )
    }));
}

/// Where a context's plans and kernels get their memory from.
///
/// # Safety
/// `allocate` returns null, or memory of so many bytes and that alignment (a power of two) that stays valid until `release`. No function
/// panics. All are called from any thread.
pub unsafe trait Allocator: Send + Sync {
    /// Memory, not zeroed; null if there is none.
    fn allocate(&self, bytes: usize, align: usize) -> *mut u8;
    /// Takes memory back, with the numbers that it was asked for with.
    ///
    /// # Safety
    /// `memory` is of this allocator, and not used afterwards.
    unsafe fn release(&self, memory: *mut u8, bytes: usize, align: usize);
    /// Memory of another size with the same content; null if there is none, and then the old memory stays.
    ///
    /// # Safety
    /// As for `release`, if the result is not null.
    unsafe fn reallocate(&self, memory: *mut u8, old_bytes: usize, new_bytes: usize, align: usize) -> *mut u8 {
        let new = self.allocate(new_bytes, align);
        if !new.is_null() && !memory.is_null() {
            std::ptr::copy_nonoverlapping(memory, new, old_bytes.min(new_bytes));
            self.release(memory, old_bytes, align);
        }
        new
    }
}

pub(crate) unsafe extern "C" fn allocate(user: *mut c_void, bytes: usize, align: usize) -> *mut c_void {
    let allocator = &*user.cast::<Box<dyn Allocator>>();
    catch_unwind(AssertUnwindSafe(|| allocator.allocate(bytes, align))).unwrap_or(null_mut()).cast()
}
pub(crate) unsafe extern "C" fn reallocate(user: *mut c_void, memory: *mut c_void, old: usize, new: usize, align: usize) -> *mut c_void {
    let allocator = &*user.cast::<Box<dyn Allocator>>();
    catch_unwind(AssertUnwindSafe(|| allocator.reallocate(memory.cast(), old, new, align))).unwrap_or(null_mut()).cast()
}
pub(crate) unsafe extern "C" fn release(user: *mut c_void, memory: *mut c_void, bytes: usize, align: usize) {
    let allocator = &*user.cast::<Box<dyn Allocator>>();
    let _ = catch_unwind(AssertUnwindSafe(|| allocator.release(memory.cast(), bytes, align)));
}

/// The program's own threads, which kernels then run on.
///
/// # Safety
/// `parallel_for` calls the task over all of `0..count` in parts of at least `grain` (the last may be shorter), with `slot < threads()` and
/// no slot twice at the same time, and returns when all are done. It does not panic: that would end the process.
pub unsafe trait ThreadPool: Send + Sync {
    /// How many threads there are, at least 1. Always the same.
    fn threads(&self) -> u32;
    /// Runs the task's parts.
    fn parallel_for(&self, count: usize, grain: usize, task: Task);
}

/// What a [`ThreadPool`] runs. Valid until `parallel_for` returns.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    body: unsafe extern "C" fn(*mut c_void, usize, usize, usize),
    argument: *mut c_void,
}

// SAFETY: made to be called from several threads.
unsafe impl Send for Task {}
unsafe impl Sync for Task {}

impl Task {
    /// Runs the part `begin..end`.
    ///
    /// # Safety
    /// As [`ThreadPool`] says, while its `parallel_for` has not returned.
    pub unsafe fn run(&self, begin: usize, end: usize, slot: usize) {
        (self.body)(self.argument, begin, end, slot)
    }
}

pub(crate) unsafe extern "C" fn parallel_for(
    user: *mut c_void,
    count: usize,
    grain: usize,
    body: tenon_parallel_fn,
    argument: *mut c_void,
) {
    let pool = &*user.cast::<Box<dyn ThreadPool>>();
    if let Some(body) = body {
        let run = || pool.parallel_for(count, grain, Task { body, argument });
        if catch_unwind(AssertUnwindSafe(run)).is_err() {
            // Parts may still run, on memory that the library would now take back.
            std::process::abort();
        }
    }
}
