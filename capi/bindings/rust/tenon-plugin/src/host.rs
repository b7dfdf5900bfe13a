//! The host's table, and the fence between the host and functions of the plugin that may panic.
use crate::error::{Error, Result};
use std::any::Any;
use std::cell::RefCell;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::Once;
use tenon_sys::types::Code;
use tenon_sys::{tenon_call, tenon_host_api, TENON_OK};

static HOST: AtomicPtr<tenon_host_api> = AtomicPtr::new(std::ptr::null_mut());

/// Known from the query on, for the life of the process.
pub(crate) fn host() -> &'static tenon_host_api {
    let table = HOST.load(Ordering::Acquire);
    assert!(!table.is_null(), "no host has asked this plugin what it is");
    // SAFETY: set by `set_host` alone, to a table that lives for the process.
    unsafe { &*table }
}

/// # Safety
/// `table` is the host's, which is constant and lives for the process.
pub(crate) unsafe fn set_host(table: *const tenon_host_api) {
    HOST.store(table as *mut _, Ordering::Release);
}

/// A call of the host's table; every member of version 1.0 is there.
macro_rules! api {
    ($member:ident($($argument:expr),* $(,)?)) => {
        ($crate::host::host().$member.expect(concat!("the host has no ", stringify!($member))))($($argument),*)
    };
}
pub(crate) use api;

// In a shared library the standard library is the plugin's own, and so is the panic hook: it keeps the place for the error and prints
// nothing. Linked into a program, the hook is the program's and stays as it is.
static OWN_HOOK: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

thread_local! {
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

pub(crate) fn own_the_hook() {
    OWN_HOOK.store(true, Ordering::Relaxed);
}

fn set_hook() {
    if OWN_HOOK.load(Ordering::Relaxed) {
        HOOK.call_once(|| {
            std::panic::set_hook(Box::new(|info| {
                let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
                let _ = PLACE.try_with(|kept| *kept.borrow_mut() = place);
            }));
        });
    }
}

/// Runs `body`; a panic becomes its message and place.
pub(crate) fn without_panic<T>(body: impl FnOnce() -> T) -> std::result::Result<T, String> {
    set_hook();
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        let text = text_of(&*payload).to_string();
        // Its destructor is the plugin's code, and may panic again.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(again);
        }
        let place = PLACE.try_with(|kept| kept.take()).unwrap_or_default();
        format!("the plugin panicked{place}: {text}")
    })
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("with something that is no text")
}

/// The body of a callback: errors and panics go to the host, whose code it returns.
pub(crate) fn fence(call: *mut tenon_call, body: impl FnOnce() -> Result<()>) -> i32 {
    match without_panic(body) {
        Ok(Ok(())) => TENON_OK,
        Ok(Err(error)) => error.report(call),
        Err(text) => Error::new(Code::INTERNAL, text).advise("report it to the plugin's author").report(call),
    }
}
