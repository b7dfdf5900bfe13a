/* tenon/tenon.h - the host API, version 1.
 *
 * Tenon lowers graphs of framework operators (rms_norm, attention, reductions ..) to StableHLO text that XLA, IREE and LiteRT accept, and
 * runs the same graphs on the CPU. Operators are plugins; an operator's lowering is its meaning, its kernel is only its speed.
 *
 * The first chapter, in one breath (capi/examples has these as programs):
 *
 *     tenon_context* context;  tenon_context_create(NULL, &context, &error);
 *     tenon_graph* graph;      tenon_graph_create(context, "norm", 4, &graph, &error);
 *     tenon_graph_add_input(graph, "x", 1, &type, &x, &error);             a value is a number; names are yours
 *     tenon_graph_add_node(graph, &request, &y, 1, NULL, &error);          checked and typed here: a bad node fails here
 *     tenon_graph_add_output(graph, "y", 1, y, &error);
 *     tenon_target_find(context, "iree", 4, &target, &error);
 *     tenon_graph_lower(graph, target, NULL, &module, &error);             then tenon_module_print: StableHLO text
 *     tenon_graph_compile(graph, NULL, &program, &error);                  plan once ..
 *     tenon_program_run(program, inputs, 1, outputs, 1, NULL, &error);     .. run often, from any thread
 *
 * Errors. A function that can fail returns a code of base.h and takes `tenon_error** error` last. error may be NULL; it is untouched on
 * success. On failure *error is a new error that the caller releases, and every other output is untouched. There is no "last error". *error
 * need not be NULL before the call, and is not released by it.
 *
 * Ownership. create, load, find, open and from_.. hand out an object that the caller destroys or releases; get_ lends something that
 * lives as long as its object. Destroy and release take NULL. A context outlives everything made from it. Text goes in as pointer and
 * length and is copied; a length of TENON_NUL_TERMINATED means strlen.
 *
 * Threads. A const pointer may be used from many threads at once; a non-const one from one at a time. Contexts are shared by what is made
 * from them, and are safe to use so. No lock of the library is held while a plugin or a callback of yours runs.
 *
 * Tags: @since version; @threads any | exclusive (one thread at a time per object) | init-only (before first use) | callback;
 * @blocks yes: may read files or run plugins; @errors the codes beyond INVALID_ARGUMENT, RESOURCE_EXHAUSTED and INTERNAL;
 * @reenter yes: may be called from a callback; @owns what the caller must give back.
 */
#ifndef TENON_TENON_H_
#define TENON_TENON_H_

#include "tenon/base.h"
#include "tenon/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TENON_VERSION_MAJOR 0
#define TENON_VERSION_MINOR 1
#define TENON_VERSION_PATCH 0

#define TENON_NUL_TERMINATED ((size_t)-1)

typedef struct tenon_context tenon_context;
typedef struct tenon_error tenon_error;
typedef struct tenon_graph tenon_graph;
typedef struct tenon_module tenon_module;
typedef struct tenon_target tenon_target;
typedef struct tenon_program tenon_program;
typedef struct tenon_params tenon_params;
typedef struct tenon_tensor tenon_tensor;
typedef struct tenon_blob tenon_blob;

/* A value of one graph: an input, parameter, constant or node result. */
typedef uint32_t tenon_value;
#define TENON_VALUE_NONE 0xFFFFFFFFu

/* Kinds of the option structs (tenon_header.struct_kind). */
#define TENON_KIND_CONTEXT_OPTIONS 0x0001u
#define TENON_KIND_NODE_REQUEST 0x0002u
#define TENON_KIND_LOWER_OPTIONS 0x0003u
#define TENON_KIND_PROGRAM_OPTIONS 0x0004u
#define TENON_KIND_RUN_OPTIONS 0x0005u
#define TENON_KIND_OPERATOR_SOURCE 0x0006u
#define TENON_KIND_VERIFY_OPTIONS 0x0007u
#define TENON_KIND_ALLOCATOR 0x0008u
#define TENON_KIND_THREAD_POOL 0x0009u

/* ---- Version ---- */

/* The library's version, "0.1.0". Lives for the process. @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT const char* tenon_version(void);

/* ---- Errors ---- */

/* The code of base.h. 0 for NULL. @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT int32_t tenon_error_get_code(const tenon_error* error);
/* "INVALID_ARGUMENT"; "UNKNOWN" for a number that is none of ours. Lives for the process. @since 1.0 @threads any @blocks no @reenter yes
 */
TENON_EXPORT const char* tenon_code_name(int32_t code);

#define TENON_ERROR_MESSAGE 1 /* what was wrong: what was expected and what came */
#define TENON_ERROR_ADVICE 2  /* one sentence that someone can act on */
#define TENON_ERROR_DOMAIN 3  /* "core", or a plugin's name and version */
#define TENON_ERROR_FILE 4
#define TENON_ERROR_NODE 5
#define TENON_ERROR_OPERAND 6
#define TENON_ERROR_PLUGIN 7
/* One text of an error; "" where there is none. Lent until the error is released. length may be NULL.
 * @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT const char* tenon_error_get_text(const tenon_error* error, int32_t field, size_t* length);
/* Line and column in TENON_ERROR_FILE, from 1; 0: unknown. @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT void tenon_error_get_position(const tenon_error* error, int32_t* line, int32_t* column);
/* The error behind this one, or NULL. Lent. @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT const tenon_error* tenon_error_get_cause(const tenon_error* error);
/* Key and value number `index` of what else is known, or 0 past the end. @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT int32_t tenon_error_get_payload(const tenon_error* error, size_t index, const char** key, const char** value);
/* {"error": {"code", "message", "where", "advice", ..}}. Lent until the error is released. @since 1.0 @threads any @blocks no @reenter yes
 */
TENON_EXPORT const char* tenon_error_get_json(const tenon_error* error, size_t* length);
/* The report for a person: "error: CODE: message", place, advice. Lent. @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT const char* tenon_error_get_report(const tenon_error* error, size_t* length);
/* @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT void tenon_error_release(tenon_error* error);

/* ---- Blobs: text and bytes that the library made ---- */

/* The bytes, NUL-terminated behind the last. Lent until release. @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT const char* tenon_blob_get_data(const tenon_blob* blob, size_t* length);
/* @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT void tenon_blob_release(tenon_blob* blob);

/* ---- Contexts ---- */

#define TENON_CONTEXT_NO_ENV 1u            /* honour no environment variable */
#define TENON_CONTEXT_NO_USER_DIR 2u       /* search no plugins in the user's folder */
#define TENON_CONTEXT_SAFE_MODE 4u         /* only the plugins beside the library, and static ones */
#define TENON_CONTEXT_STRICT_FP 8u         /* a plugin that changes rounding or denormal handling fails the call */
#define TENON_CONTEXT_NO_SYSTEM_DIR 16u    /* search no site and system folders: only what the program adds */
#define TENON_CONTEXT_USER_DIR_AS_ROOT 32u /* search the user's folder also when running as root */

/* Memory. NULL members: the library's own. release gets the sizes that allocate was asked for. Called from any thread. */
typedef struct tenon_allocator {
  tenon_header header;
  void* user;
  void* (*allocate)(void* user, size_t bytes, size_t align);
  void* (*reallocate)(void* user, void* memory, size_t old_bytes, size_t new_bytes, size_t align);
  void (*release)(void* user, void* memory, size_t bytes, size_t align);
} tenon_allocator;
#define TENON_ALLOCATOR_INIT \
  { TENON_HEADER_INIT(tenon_allocator, TENON_KIND_ALLOCATOR), NULL, NULL, NULL, NULL }

/* The host's own thread pool: parallel_for must call fn over all of [0, count) in parts of at least grain, with slot < threads, no slot
 * twice at the same time, and return when all are done. */
typedef struct tenon_thread_pool {
  tenon_header header;
  void* user;
  uint32_t threads;
  uint32_t reserved0;
  void (*parallel_for)(void* user, size_t count, size_t grain, tenon_parallel_fn fn, void* argument);
} tenon_thread_pool;
#define TENON_THREAD_POOL_INIT \
  { TENON_HEADER_INIT(tenon_thread_pool, TENON_KIND_THREAD_POOL), NULL, 0, 0, NULL }

/* level: TENON_LOG_*; category: "loader", "plan" or a plugin's name. Called from any thread, never under a lock. */
typedef void (*tenon_log_fn)(void* user, int32_t level, const char* category, const char* text, size_t length);

typedef struct tenon_context_options {
  tenon_header header;
  uint32_t flags;   /* TENON_CONTEXT_* */
  uint32_t threads; /* 0: as many as the process may use */
  const char* arch; /* a SIMD level of configs/arch.json to force; NULL: TENON_ARCH, else the best */
  size_t arch_length;
  tenon_log_fn log; /* NULL: errors go to stderr once each */
  void* log_user;
  int32_t log_level; /* 0: errors only, or as TENON_LOG says */
  uint32_t reserved0;
  const tenon_allocator* allocator;
  const tenon_thread_pool* thread_pool;
} tenon_context_options;
#define TENON_CONTEXT_OPTIONS_INIT \
  { TENON_HEADER_INIT(tenon_context_options, TENON_KIND_CONTEXT_OPTIONS), 0, 0, NULL, 0, NULL, NULL, 0, 0, NULL, NULL }

/* A context: plugins, thread pool, allocator, machine. Two contexts share nothing but mapped libraries. options may be NULL.
 * @since 1.0 @threads any @blocks no @owns *out: tenon_context_destroy @errors CPU_UNSUPPORTED (arch) */
TENON_EXPORT int32_t tenon_context_create(const tenon_context_options* options, tenon_context** out, tenon_error** error);
/* After everything made from it. @since 1.0 @threads exclusive @blocks yes */
TENON_EXPORT void tenon_context_destroy(tenon_context* context);

/* Before the first use of the context (which reads the manifests). Paths and manifests win over every searched folder, in call order.
 * @since 1.0 @threads init-only @blocks no @errors FAILED_PRECONDITION (already in use) */
TENON_EXPORT int32_t tenon_context_add_plugin_path(tenon_context* context, const char* path, size_t length, tenon_error** error);
TENON_EXPORT int32_t tenon_context_add_manifest(tenon_context* context, const char* path, size_t length, tenon_error** error);
/* A plugin linked into the program: its query function (TENON_STATIC_PLUGIN) and the text of its manifest, which is copied.
 * @since 1.0 @threads init-only @blocks no @errors MANIFEST_INVALID FAILED_PRECONDITION */
TENON_EXPORT int32_t tenon_context_add_static_plugin(tenon_context* context, tenon_plugin_query_fn query, const char* manifest,
                                                     size_t length, tenon_error** error);
/* Only plugins whose name matches an allowed pattern (none given: all), and none that matches a denied one (* and ?).
 * @since 1.0 @threads init-only @blocks no @errors FAILED_PRECONDITION */
TENON_EXPORT int32_t tenon_context_allow_plugins(tenon_context* context, const char* pattern, size_t length, tenon_error** error);
TENON_EXPORT int32_t tenon_context_deny_plugins(tenon_context* context, const char* pattern, size_t length, tenon_error** error);

/* In the child after fork, before any other call on the context: makes a new thread pool. @since 1.0 @threads exclusive @blocks no */
TENON_EXPORT int32_t tenon_after_fork_child(tenon_context* context, tenon_error** error);

/* ---- What there is: reports as JSON (configs/schema) ---- */

/* Every operator, or the one named: aliases, operands, results, attributes, dtypes, kernels, pack, form per target. Opens no library.
 * @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release @errors NOT_FOUND */
TENON_EXPORT int32_t tenon_operators_json(tenon_context* context, const char* name, size_t length, tenon_blob** out, tenon_error** error);
/* Every plugin found, with state, reason, advice, path, version, what it offers. Opens no library.
 * @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release */
TENON_EXPORT int32_t tenon_plugins_json(tenon_context* context, tenon_blob** out, tenon_error** error);
/* Opens a plugin's library now. @since 1.0 @threads any @blocks yes @errors NOT_FOUND PLUGIN_REJECTED MANIFEST_MISMATCH .. */
TENON_EXPORT int32_t tenon_plugin_preload(tenon_context* context, const char* name, size_t length, tenon_error** error);
/* Checks one manifest as the loader would, and its library where it lies beside it, without running any of its code.
 * @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release @errors MANIFEST_INVALID MANIFEST_MISMATCH .. */
TENON_EXPORT int32_t tenon_plugin_lint(tenon_context* context, const char* path, size_t length, tenon_blob** out, tenon_error** error);
/* The built-in target profiles, and what each does with each operator. @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release
 */
TENON_EXPORT int32_t tenon_targets_json(tenon_context* context, tenon_blob** out, tenon_error** error);
/* What is in a file: graph, .npy, .safetensors, .irpa, manifest, plugin library. By its name, never by guessing.
 * @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release @errors NOT_FOUND UNIMPLEMENTED DATA_LOSS */
TENON_EXPORT int32_t tenon_inspect_json(tenon_context* context, const char* path, size_t length, tenon_blob** out, tenon_error** error);
/* SIMD level in force, usable levels, threads, caches. @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release */
TENON_EXPORT int32_t tenon_machine_json(tenon_context* context, tenon_blob** out, tenon_error** error);

/* ---- Graphs ---- */

/* @since 1.0 @threads any @blocks no @owns *out: tenon_graph_destroy */
TENON_EXPORT int32_t tenon_graph_create(tenon_context* context, const char* name, size_t length, tenon_graph** out, tenon_error** error);
/* @since 1.0 @threads exclusive @blocks no */
TENON_EXPORT void tenon_graph_destroy(tenon_graph* graph);

/* An argument of the graph. dims may hold TENON_DYNAMIC. @since 1.0 @threads exclusive @blocks no @errors ALREADY_EXISTS */
TENON_EXPORT int32_t tenon_graph_add_input(tenon_graph* graph, const char* name, size_t length, const tenon_type_view* type,
                                           tenon_value* out, tenon_error** error);
/* A named tensor of a parameter archive; alias: its name in the graph (NULL: the same). @since 1.0 @threads exclusive @blocks no */
TENON_EXPORT int32_t tenon_graph_add_param(tenon_graph* graph, const char* name, size_t length, const char* alias, size_t alias_length,
                                           const tenon_type_view* type, tenon_value* out, tenon_error** error);
/* A constant; the data is copied. @since 1.0 @threads exclusive @blocks no */
TENON_EXPORT int32_t tenon_graph_add_constant(tenon_graph* graph, const char* name, size_t length, const tenon_tensor_view* data,
                                              tenon_value* out, tenon_error** error);

/* A node. operands: by position in the operator's order, TENON_VALUE_NONE for absent ones, trailing ones left out; operand_names, if not
 * NULL, gives each operand's name instead. attributes: name and value; numbers may be given as text. */
typedef struct tenon_node_request {
  tenon_header header;
  const char* name; /* yours, unique in the graph */
  size_t name_length;
  const char* op; /* "rms_norm", an alias, "example.my_norm" */
  size_t op_length;
  const tenon_value* operands;
  size_t operand_count;
  const char* const* operand_names; /* NUL-terminated; NULL: by position */
  const tenon_attr* attributes;
  size_t attribute_count;
} tenon_node_request;
#define TENON_NODE_REQUEST_INIT \
  { TENON_HEADER_INIT(tenon_node_request, TENON_KIND_NODE_REQUEST), NULL, 0, NULL, 0, NULL, 0, NULL, NULL, 0 }

/* Adds a node; its operator's rules are checked and its result types inferred now. On failure the graph is as it was. Writes the results,
 * in the operator's order (TENON_VALUE_NONE for an absent one), into results[0 .. capacity); *count (may be NULL) is how many there are.
 * @since 1.0 @threads exclusive @blocks yes (opens the operator's library on first use)
 * @errors NOT_FOUND (operator) ALREADY_EXISTS OUT_OF_RANGE PLUGIN_REJECTED DEPENDENCY_MISSING .. */
TENON_EXPORT int32_t tenon_graph_add_node(tenon_graph* graph, const tenon_node_request* request, tenon_value* results, size_t capacity,
                                          size_t* count, tenon_error** error);
/* @since 1.0 @threads exclusive @blocks no @errors ALREADY_EXISTS NOT_FOUND */
TENON_EXPORT int32_t tenon_graph_add_output(tenon_graph* graph, const char* name, size_t length, tenon_value value, tenon_error** error);

/* "x", "norm", "norm:1", "norm:sum". @since 1.0 @threads any @blocks no @errors NOT_FOUND */
TENON_EXPORT int32_t tenon_graph_find_value(const tenon_graph* graph, const char* name, size_t length, tenon_value* out,
                                            tenon_error** error);
/* The type of a value; dims are lent until the graph changes. @since 1.0 @threads any @blocks no @errors NOT_FOUND */
TENON_EXPORT int32_t tenon_graph_get_type(const tenon_graph* graph, tenon_value value, tenon_type_view* out, tenon_error** error);

#define TENON_GRAPH_PRUNE 1u /* drop nodes that no output needs, instead of failing */
/* A graph file. flags: TENON_GRAPH_PRUNE. file: its name in messages. @since 1.0 @threads any @blocks yes @owns *out: tenon_graph_destroy
 * @errors NOT_FOUND and those of add_node, with file, line and column */
TENON_EXPORT int32_t tenon_graph_load(tenon_context* context, const char* path, size_t length, uint32_t flags, tenon_graph** out,
                                      tenon_error** error);
TENON_EXPORT int32_t tenon_graph_parse(tenon_context* context, const char* text, size_t length, const char* file, size_t file_length,
                                       uint32_t flags, tenon_graph** out, tenon_error** error);
/* The graph as a file's text. @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release */
TENON_EXPORT int32_t tenon_graph_to_yaml(const tenon_graph* graph, tenon_blob** out, tenon_error** error);

/* One operator as a graph: `op:NAME --dtype D --shape AxB,CxD --attr k=v`. shapes: "4x640,640" in the operands' order, empty for an absent
 * one. attributes: "name=value" texts. */
typedef struct tenon_operator_source {
  tenon_header header;
  const char* op;
  size_t op_length;
  const char* dtype;
  size_t dtype_length;
  const char* shapes;
  size_t shapes_length;
  const char* const* attributes; /* NUL-terminated "name=value" */
  size_t attribute_count;
} tenon_operator_source;
#define TENON_OPERATOR_SOURCE_INIT \
  { TENON_HEADER_INIT(tenon_operator_source, TENON_KIND_OPERATOR_SOURCE), NULL, 0, NULL, 0, NULL, 0, NULL, 0 }
/* @since 1.0 @threads any @blocks yes @owns *out: tenon_graph_destroy */
TENON_EXPORT int32_t tenon_graph_from_operator(tenon_context* context, const tenon_operator_source* source, tenon_graph** out,
                                               tenon_error** error);

/* The path of the parameter file that the graph file names (`file:`), or "". Lent. @since 1.0 @threads any @blocks no */
TENON_EXPORT const char* tenon_graph_get_params_file(const tenon_graph* graph, size_t* length);

/* ---- Parameters ---- */

/* A .safetensors or .irpa file, mapped. @since 1.0 @threads any @blocks yes @owns *out: tenon_params_destroy @errors NOT_FOUND DATA_LOSS */
TENON_EXPORT int32_t tenon_params_open(tenon_context* context, const char* path, size_t length, tenon_params** out, tenon_error** error);
/* After the programs and modules that use it. @since 1.0 @threads exclusive @blocks no */
TENON_EXPORT void tenon_params_destroy(tenon_params* params);
/* @since 1.0 @threads any @blocks no */
TENON_EXPORT size_t tenon_params_get_count(const tenon_params* params);
/* Tensor number `index`, sorted by name: its name (lent) and a read-only view (dtype TENON_DTYPE_INVALID and rank 0 if the file does not
 * say or the dtype is none of ours). @since 1.0 @threads any @blocks no @errors OUT_OF_RANGE */
TENON_EXPORT int32_t tenon_params_get(const tenon_params* params, size_t index, const char** name, size_t* length, tenon_tensor_view* out,
                                      tenon_error** error);
/* Writes the tensors that the graph declares as parameters, taken from `params`, to a .irpa or .safetensors file.
 * @since 1.0 @threads any @blocks yes @errors NOT_FOUND (a parameter) */
TENON_EXPORT int32_t tenon_params_write(const tenon_graph* graph, const tenon_params* params, const char* path, size_t length,
                                        tenon_error** error);

/* ---- Lowering ---- */

/* A built-in target ("iree"), or a profile's path that ends in .yaml. @since 1.0 @threads any @blocks yes @owns *out: tenon_target_release
 * @errors NOT_FOUND */
TENON_EXPORT int32_t tenon_target_find(tenon_context* context, const char* name, size_t length, tenon_target** out, tenon_error** error);
/* The profile's text: a user edits a copy of it. Lent. @since 1.0 @threads any @blocks no */
TENON_EXPORT const char* tenon_target_get_yaml(const tenon_target* target, size_t* length);
/* @since 1.0 @threads any @blocks no */
TENON_EXPORT void tenon_target_release(tenon_target* target);

typedef struct tenon_lower_options {
  tenon_header header;
  const tenon_params* params; /* where the target keeps parameters as constants; else NULL */
} tenon_lower_options;
#define TENON_LOWER_OPTIONS_INIT \
  { TENON_HEADER_INIT(tenon_lower_options, TENON_KIND_LOWER_OPTIONS), NULL }

/* The graph as StableHLO for a target, verified. options may be NULL. @since 1.0 @threads any @blocks yes @owns *out: tenon_module_release
 * @errors FAILED_PRECONDITION (parameters needed) DEPENDENCY_MISSING UNIMPLEMENTED */
TENON_EXPORT int32_t tenon_graph_lower(const tenon_graph* graph, const tenon_target* target, const tenon_lower_options* options,
                                       tenon_module** out, tenon_error** error);
/* StableHLO text. Equal modules, equal bytes. @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release */
TENON_EXPORT int32_t tenon_module_print(const tenon_module* module, tenon_blob** out, tenon_error** error);
/* What became of each operator, and why. @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release */
TENON_EXPORT int32_t tenon_module_decisions_json(const tenon_module* module, tenon_blob** out, tenon_error** error);
/* @since 1.0 @threads any @blocks no */
TENON_EXPORT void tenon_module_release(tenon_module* module);

/* ---- Running ---- */

#define TENON_PROGRAM_REFERENCE 1u /* only the interpreter */
#define TENON_PROGRAM_STRICT 2u    /* an operator without a kernel is an error that names it */
#define TENON_PROGRAM_BITWISE 4u   /* only kernels that claim determinism: bitwise */
#define TENON_PROGRAM_TIMELINE 8u  /* runs with step_nanoseconds also keep when each step, and each part of it, ran: report_json */

typedef struct tenon_program_options {
  tenon_header header;
  uint32_t flags;
  uint32_t reserved0;
  double max_ulp;             /* only kernels that claim at most this; 0: any */
  const tenon_params* params; /* for graphs with parameters; must outlive the program */
  const char* pinned_plugin;  /* kernels of this plugin first; NULL: none */
  size_t pinned_plugin_length;
} tenon_program_options;
#define TENON_PROGRAM_OPTIONS_INIT \
  { TENON_HEADER_INIT(tenon_program_options, TENON_KIND_PROGRAM_OPTIONS), 0, 0, 0.0, NULL, NULL, 0 }

/* Plans a graph: kernels chosen, buffers assigned. A graph whose inputs have dynamic dimensions is planned when their sizes are known: by
 * each run, from its inputs, or by tenon_program_bind. What was planned for some sizes is kept for the next run with them. options may be
 * NULL. The context, and params, must outlive the program. @since 1.0 @threads any @blocks yes @owns *out: tenon_program_destroy
 * @errors NOT_FOUND (a parameter) FAILED_PRECONDITION (strict) */
TENON_EXPORT int32_t tenon_graph_compile(const tenon_graph* graph, const tenon_program_options* options, tenon_program** out,
                                         tenon_error** error);
/* The program for inputs of these types, in order, every size known: so that the outputs' types, the plan and the reports can be asked for
 * before the first run. It shares what is planned with `program` and may outlive it. @since 1.0 @threads any @blocks yes
 * @owns *out: tenon_program_destroy @errors INVALID_ARGUMENT (a type that the graph does not allow) and what inference says */
TENON_EXPORT int32_t tenon_program_bind(const tenon_program* program, const tenon_type_view* inputs, size_t input_count,
                                        tenon_program** out, tenon_error** error);
/* @since 1.0 @threads exclusive @blocks no */
TENON_EXPORT void tenon_program_destroy(tenon_program* program);
/* @since 1.0 @threads any @blocks no */
TENON_EXPORT size_t tenon_program_get_input_count(const tenon_program* program);
TENON_EXPORT size_t tenon_program_get_output_count(const tenon_program* program);
/* Name (lent) and type of an input or output; sizes that are not bound are TENON_DYNAMIC. @since 1.0 @threads any @blocks no @errors
 * OUT_OF_RANGE */
TENON_EXPORT int32_t tenon_program_get_input(const tenon_program* program, size_t index, const char** name, size_t* length,
                                             tenon_type_view* type, tenon_error** error);
TENON_EXPORT int32_t tenon_program_get_output(const tenon_program* program, size_t index, const char** name, size_t* length,
                                              tenon_type_view* type, tenon_error** error);

typedef struct tenon_run_options {
  tenon_header header;
  uint64_t* step_nanoseconds; /* NULL: no timing; else room for step_capacity numbers */
  size_t step_capacity;
  const volatile int32_t* cancel; /* not 0: stop soon with CANCELLED; NULL: never */
} tenon_run_options;
#define TENON_RUN_OPTIONS_INIT \
  { TENON_HEADER_INIT(tenon_run_options, TENON_KIND_RUN_OPTIONS), NULL, 0, NULL }

/* Runs the program on the caller's memory. Views: any strides (inputs), any alignment; an output may be the very same memory as an input,
 * and else overlaps none. No allocation after the first run of a thread. options may be NULL.
 * @since 1.0 @threads any @blocks yes @errors CANCELLED FP_ENV_CHANGED and what a kernel reports */
TENON_EXPORT int32_t tenon_program_run(const tenon_program* program, const tenon_tensor_view* inputs, size_t input_count,
                                       const tenon_tensor_view* outputs, size_t output_count, const tenon_run_options* options,
                                       tenon_error** error);
/* How many steps there are, for step_nanoseconds; 0 while sizes are not bound. @since 1.0 @threads any @blocks no */
TENON_EXPORT size_t tenon_program_get_step_count(const tenon_program* program);
/* The plan for a person: steps, kernels, buffers. @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release */
TENON_EXPORT int32_t tenon_program_print(const tenon_program* program, tenon_blob** out, tenon_error** error);
/* What runs where: {"steps": [{"index", "node", "op", "kernel", "plugin", "level", "dtype", "shapes", "bytes", "flops"}], "memory", ..}; of
 * a program with TENON_PROGRAM_TIMELINE also {"timeline": {"us", "threads", "steps", "parts"}} of the last run with step_nanoseconds.
 * @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release */
TENON_EXPORT int32_t tenon_program_report_json(const tenon_program* program, tenon_blob** out, tenon_error** error);
/* Every candidate kernel of every step: chosen, or the rule that removed it and the remedy.
 * @since 1.0 @threads any @blocks no @owns *out: tenon_blob_release */
TENON_EXPORT int32_t tenon_program_explain_json(const tenon_program* program, tenon_blob** out, tenon_error** error);

/* ---- Tensors: memory that the library owns, for files and DLPack ---- */

/* Zeroed, compact, aligned to 64 bytes. @since 1.0 @threads any @blocks no @owns *out: tenon_tensor_destroy */
TENON_EXPORT int32_t tenon_tensor_create(tenon_context* context, const tenon_type_view* type, tenon_tensor** out, tenon_error** error);
/* A .npy file, as that dtype (TENON_DTYPE_INVALID: the file's own). Nothing is converted.
 * @since 1.0 @threads any @blocks yes @owns *out: tenon_tensor_destroy @errors NOT_FOUND DATA_LOSS */
TENON_EXPORT int32_t tenon_tensor_load(tenon_context* context, const char* path, size_t length, tenon_dtype dtype, tenon_tensor** out,
                                       tenon_error** error);
/* A view of the tensor's memory. Lent. @since 1.0 @threads any @blocks no */
TENON_EXPORT int32_t tenon_tensor_get_view(const tenon_tensor* tensor, tenon_tensor_view* out, tenon_error** error);
/* Draws values from a seed: floats N(0, 1), integers small, booleans even odds. Equal seeds, equal bytes, on every machine.
 * @since 1.0 @threads exclusive @blocks no */
TENON_EXPORT int32_t tenon_tensor_fill_random(tenon_tensor* tensor, uint64_t seed, tenon_error** error);
/* @since 1.0 @threads exclusive @blocks no */
TENON_EXPORT void tenon_tensor_destroy(tenon_tensor* tensor);
/* Writes any view to a .npy file, by temporary file and rename. @since 1.0 @threads any @blocks yes */
TENON_EXPORT int32_t tenon_view_save(const tenon_tensor_view* view, const char* path, size_t length, tenon_error** error);
/* Writes named views to a .safetensors file. names: NUL-terminated. @since 1.0 @threads any @blocks yes */
TENON_EXPORT int32_t tenon_views_save(const tenon_tensor_view* views, const char* const* names, size_t count, const char* path,
                                      size_t length, tenon_error** error);
/* An element as text and as a double, by row-major index: for reports. @since 1.0 @threads any @blocks no @errors OUT_OF_RANGE */
TENON_EXPORT int32_t tenon_view_get_element(const tenon_tensor_view* view, int64_t index, double* out, tenon_error** error);

/* ---- dtypes ---- */
/* "bf16" -> TENON_BF16; INVALID if there is no such dtype. @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT tenon_dtype tenon_dtype_from_name(const char* name, size_t length);
/* "bf16"; "invalid". Lives for the process. @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT const char* tenon_dtype_name(tenon_dtype dtype);
/* Bytes per element in memory; 0 for no dtype. @since 1.0 @threads any @blocks no @reenter yes */
TENON_EXPORT size_t tenon_dtype_size(tenon_dtype dtype);

/* ---- DLPack 1.x (https://dmlc.github.io/dlpack): the declarations yield to the real dlpack.h ---- */
#ifndef DLPACK_DLPACK_H_
#define DLPACK_DLPACK_H_
#define DLPACK_MAJOR_VERSION 1
#define DLPACK_MINOR_VERSION 0
typedef struct {
  uint32_t major;
  uint32_t minor;
} DLPackVersion;
typedef struct {
  int32_t device_type; /* 1: CPU */
  int32_t device_id;
} DLDevice;
typedef struct {
  uint8_t code; /* 0 int, 1 uint, 2 float, 4 bfloat, 6 bool, 10 float8_e4m3fn, 12 float8_e5m2 */
  uint8_t bits;
  uint16_t lanes;
} DLDataType;
typedef struct {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
} DLTensor;
typedef struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensor* self);
} DLManagedTensor;
#define DLPACK_FLAG_BITMASK_READ_ONLY (1UL << 0UL)
#define DLPACK_FLAG_BITMASK_IS_COPIED (1UL << 1UL)
typedef struct DLManagedTensorVersioned {
  DLPackVersion version;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned* self);
  uint64_t flags;
  DLTensor dl_tensor;
} DLManagedTensorVersioned;
#endif

/* Takes a DLPack tensor without a copy; its deleter is called when the tensor is destroyed, and also when this fails. A major version other
 * than 1 is refused after calling the deleter and nothing else. @since 1.0 @threads any @blocks no @owns *out: tenon_tensor_destroy
 * @errors INCOMPATIBLE UNIMPLEMENTED (device, dtype) */
TENON_EXPORT int32_t tenon_tensor_from_dlpack(tenon_context* context, DLManagedTensorVersioned* managed, tenon_tensor** out,
                                              tenon_error** error);
TENON_EXPORT int32_t tenon_tensor_from_dlpack_legacy(tenon_context* context, DLManagedTensor* managed, tenon_tensor** out,
                                                     tenon_error** error);
/* Hands the tensor out; *out shares its memory, and keeps it alive until its deleter is called.
 * @since 1.0 @threads any @blocks no @owns *out: (*out)->deleter(*out) */
TENON_EXPORT int32_t tenon_tensor_to_dlpack(const tenon_tensor* tensor, DLManagedTensorVersioned** out, tenon_error** error);

/* The same in the unversioned form, for consumers that know no other. It cannot say read-only: such a tensor is refused.
 * @since 1.0 @threads any @blocks no @owns *out: (*out)->deleter(*out) @errors FAILED_PRECONDITION (read-only) */
TENON_EXPORT int32_t tenon_tensor_to_dlpack_legacy(const tenon_tensor* tensor, DLManagedTensor** out, tenon_error** error);

/* ---- Proof: kernel against lowering ---- */

typedef struct tenon_verify_options {
  tenon_header header;
  const char* dtype; /* only this one; NULL: all */
  size_t dtype_length;
  uint64_t seed;
  uint32_t random_cases; /* beside the operator's own cases: drawn from its schema */
  uint32_t reserved0;
  const char* export_folder; /* every case that must succeed is written below this folder, for other judges; NULL: none. Not for graphs */
  size_t export_folder_length;
} tenon_verify_options;
#define TENON_VERIFY_OPTIONS_INIT \
  { TENON_HEADER_INIT(tenon_verify_options, TENON_KIND_VERIFY_OPTIONS), NULL, 0, 0, 0, 0, NULL, 0 }

/* An operator's cases, kernel against interpreted lowering: a row per case with error and bound. *failed (may be NULL): how many broke it.
 * @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release @errors NOT_FOUND */
TENON_EXPORT int32_t tenon_verify_operator_json(tenon_context* context, const char* op, size_t length, const tenon_verify_options* options,
                                                tenon_blob** out, uint32_t* failed, tenon_error** error);
/* A graph on inputs drawn from the seed: each kernel step against the interpreter on the same inputs. params may be NULL.
 * @since 1.0 @threads any @blocks yes @owns *out: tenon_blob_release */
TENON_EXPORT int32_t tenon_verify_graph_json(const tenon_graph* graph, const tenon_params* params, const tenon_verify_options* options,
                                             tenon_blob** out, uint32_t* failed, tenon_error** error);

#ifdef __cplusplus
}
#endif
#endif /* TENON_TENON_H_ */
