//! Contexts: plugins, threads, memory, machine.
use crate::error::Result;
use crate::hooks::{self, Allocator, Log, LogLevel, ThreadPool};
use crate::raw::{check, data, make, path};
use std::ffi::c_void;
use std::fmt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Arc;
use tenon_sys::*;

/// Plugins, thread pool, memory and machine. Two contexts share nothing but mapped libraries.
///
/// A clone is the same context, which lives as long as anything made from it: the order of dropping does not matter.
#[derive(Clone, Debug)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    raw: NonNull<tenon_context>,
    // Dropped after the context, which calls them.
    _hooks: Hooks,
}

// SAFETY: contexts are shared by what is made from them; all that this crate calls on one is `@threads any` but for the `init-only` calls,
// which `build` makes before anyone else has it, `after_fork_child`, which is unsafe, and the destruction, which is Drop's.
unsafe impl Send for Inner {}
unsafe impl Sync for Inner {}

impl Drop for Inner {
    fn drop(&mut self) {
        // SAFETY: everything made from it holds a clone of the Arc, so that nothing of it is left.
        unsafe { tenon_context_destroy(self.raw.as_ptr()) };
    }
}
impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:p}", self.raw)
    }
}

// Boxes of boxes: a thin pointer to a trait object for C.
#[derive(Default)]
struct Hooks {
    log: Option<Box<Box<Log>>>,
    allocator: Option<Box<Box<dyn Allocator>>>,
    thread_pool: Option<Box<Box<dyn ThreadPool>>>,
}

impl Context {
    /// A context that finds its plugins beside the library and where the environment says, and uses as many threads as the process may.
    pub fn new() -> Result<Context> {
        ContextOptions::new().build()
    }
    /// In the child after `fork`: makes a new thread pool.
    ///
    /// # Safety
    /// Before any other call on the context in the child, while no other thread uses it.
    pub unsafe fn after_fork_child(&self) -> Result<()> {
        check(|error| tenon_after_fork_child(self.raw(), error))
    }
    pub(crate) fn raw(&self) -> *mut tenon_context {
        self.inner.raw.as_ptr()
    }
}

enum Step {
    Path(PathBuf),
    Manifest(PathBuf),
    Static(tenon_plugin_query_fn, String),
    Allow(String),
    Deny(String),
}

/// How a [`Context`] shall be. Every call says one thing; what is not said is as [`Context::new`] has it.
///
/// ```
/// let context = tenon::ContextOptions::new().no_environment().threads(2).build()?;
/// # Ok::<(), tenon::Error>(())
/// ```
#[must_use]
#[derive(Default)]
pub struct ContextOptions {
    flags: u32,
    threads: u32,
    arch: String,
    log_level: i32,
    hooks: Hooks,
    steps: Vec<Step>,
}

macro_rules! flags {
    ($($(#[$doc:meta])* $method:ident: $flag:ident;)*) => {$(
        $(#[$doc])*
        pub fn $method(mut self) -> Self {
            self.flags |= $flag;
            self
        }
    )*};
}

impl ContextOptions {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self::default()
    }
    flags! {
        /// Honours no environment variable.
        no_environment: TENON_CONTEXT_NO_ENV;
        /// Searches no plugins in the user's folder.
        no_user_folder: TENON_CONTEXT_NO_USER_DIR;
        /// Searches no site and system folders: only what the program adds.
        no_system_folder: TENON_CONTEXT_NO_SYSTEM_DIR;
        /// Takes only the plugins beside the library, and static ones.
        safe_mode: TENON_CONTEXT_SAFE_MODE;
        /// A plugin that changes rounding or denormal handling fails the call.
        strict_fp: TENON_CONTEXT_STRICT_FP;
        /// Searches the user's folder also when running as root.
        user_folder_as_root: TENON_CONTEXT_USER_DIR_AS_ROOT;
    }
    /// So many threads; 0: as many as the process may use.
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = threads;
        self
    }
    /// A SIMD level to force, `"avx2"`, `"sse2"`, ..; the CPU must have it.
    pub fn arch(mut self, level: &str) -> Self {
        self.arch = level.to_string();
        self
    }
    /// Lines of the log up to that level go to `log`: level, category, text. Without it errors go to stderr.
    pub fn log(mut self, up_to: LogLevel, log: impl Fn(LogLevel, &str, &str) + Send + Sync + 'static) -> Self {
        self.log_level = up_to as i32;
        self.hooks.log = Some(Box::new(Box::new(log)));
        self
    }
    /// Memory for plans and kernels.
    pub fn allocator(mut self, allocator: impl Allocator + 'static) -> Self {
        self.hooks.allocator = Some(Box::new(Box::new(allocator)));
        self
    }
    /// The program's own threads.
    pub fn thread_pool(mut self, pool: impl ThreadPool + 'static) -> Self {
        self.hooks.thread_pool = Some(Box::new(Box::new(pool)));
        self
    }
    /// Searches this folder for plugins, before every other.
    pub fn plugin_path(self, folder: impl AsRef<Path>) -> Self {
        self.step(Step::Path(folder.as_ref().to_path_buf()))
    }
    /// Takes the plugin of this manifest.
    pub fn plugin_manifest(self, file: impl AsRef<Path>) -> Self {
        self.step(Step::Manifest(file.as_ref().to_path_buf()))
    }
    /// Takes a plugin that is linked into the program: its query function and the text of its manifest. `tenon_plugin::static_plugin!`
    /// makes both.
    ///
    /// # Safety
    /// `query` is a plugin's, as `tenon/plugin.h` says.
    pub unsafe fn static_plugin(
        self,
        query: unsafe extern "C" fn(host: *const tenon_host_info, out: *mut tenon_plugin_info) -> i32,
        manifest: &str,
    ) -> Self {
        self.step(Step::Static(Some(query), manifest.to_string()))
    }
    /// Only plugins whose name matches one of the allowed patterns (`*`, `?`).
    pub fn allow_plugins(self, pattern: &str) -> Self {
        self.step(Step::Allow(pattern.to_string()))
    }
    /// No plugin whose name matches this pattern.
    pub fn deny_plugins(self, pattern: &str) -> Self {
        self.step(Step::Deny(pattern.to_string()))
    }
    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Makes the context.
    pub fn build(self) -> Result<Context> {
        let user = |hook: *const c_void| hook as *mut c_void;
        let mut options = tenon_context_options {
            flags: self.flags,
            threads: self.threads,
            arch: data(&self.arch),
            arch_length: self.arch.len(),
            log_level: self.log_level,
            ..tenon_context_options::INIT
        };
        let (mut allocator, mut pool) = (tenon_allocator::INIT, tenon_thread_pool::INIT);
        if let Some(log) = &self.hooks.log {
            options.log = Some(hooks::log);
            options.log_user = user((&**log as *const Box<Log>).cast());
        }
        if let Some(hook) = &self.hooks.allocator {
            allocator.user = user((&**hook as *const Box<dyn Allocator>).cast());
            allocator.allocate = Some(hooks::allocate);
            allocator.reallocate = Some(hooks::reallocate);
            allocator.release = Some(hooks::release);
            options.allocator = &allocator;
        }
        if let Some(hook) = &self.hooks.thread_pool {
            pool.user = user((&**hook as *const Box<dyn ThreadPool>).cast());
            pool.threads = hook.threads();
            pool.parallel_for = Some(hooks::parallel_for);
            options.thread_pool = &pool;
        }
        // SAFETY: the options and what they point at outlive the call, and the hooks outlive the context, which keeps pointers to them.
        let raw = make(|out, error| unsafe { tenon_context_create(&options, out, error) })?;
        let context = Context { inner: Arc::new(Inner { raw, _hooks: self.hooks }) };
        for step in &self.steps {
            // SAFETY: before first use, and nobody else has the context yet; texts are copied.
            check(|error| unsafe {
                match step {
                    Step::Path(folder) => {
                        let (text, length) = path(folder);
                        tenon_context_add_plugin_path(raw.as_ptr(), text, length, error)
                    }
                    Step::Manifest(file) => {
                        let (text, length) = path(file);
                        tenon_context_add_manifest(raw.as_ptr(), text, length, error)
                    }
                    Step::Static(query, manifest) => {
                        tenon_context_add_static_plugin(raw.as_ptr(), *query, data(manifest), manifest.len(), error)
                    }
                    Step::Allow(pattern) => tenon_context_allow_plugins(raw.as_ptr(), data(pattern), pattern.len(), error),
                    Step::Deny(pattern) => tenon_context_deny_plugins(raw.as_ptr(), data(pattern), pattern.len(), error),
                }
            })?;
        }
        Ok(context)
    }
}

impl fmt::Debug for ContextOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextOptions").field("flags", &self.flags).field("threads", &self.threads).field("arch", &self.arch).finish()
    }
}
