/* tenon/plugin.h - the plugin ABI, version 1. Stands alone: a plugin includes this header (or plugin.hpp over it) and never links libtenon.
 *
 * A plugin is a shared library beside a manifest NAME.tenon.yaml. It exports one symbol, tenon_plugin_query_v1, which returns a constant
 * table: what it is, and its operators. The host reads the manifest alone to list and to check; it opens the library when a graph first
 * names one of its operators. Libraries are never unmapped.
 *
 * An operator has a type rule (infer), a meaning (lower: calls to the StableHLO builder), and perhaps kernels. The meaning is what counts:
 * a kernel must compute the same, and `tenon verify` compares the two.
 *
 * Rules for every callback:
 *  - It returns TENON_OK or a code; before it returns a code it says why with error_set. Nothing may throw, exit, print or block.
 *  - Pointers that the host passes are valid until the callback returns ("call" lifetime), unless said otherwise.
 *  - infer, lower, lower_as, supports, plan: any thread, one at a time per plugin unless the manifest says `threads: concurrent`.
 *    run: any threads at once on one plan state; no allocation, no lock, no I/O, no thread of its own.
 *  - Rounding mode, denormal handling and signal handlers are as found. The host checks and restores.
 */
#ifndef TENON_PLUGIN_H_
#define TENON_PLUGIN_H_

#include "tenon/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TENON_PLUGIN_API_MAJOR 1
#define TENON_PLUGIN_API_MINOR 0

/* Opaque to plugins. */
typedef struct tenon_call tenon_call;       /* the frame of one callback: error, scratch memory, cancellation */
typedef struct tenon_node tenon_node;       /* one use of an operator: operand types, attributes, result types */
typedef struct tenon_builder tenon_builder; /* where a lowering writes StableHLO */

/* A value in the builder; valid until the callback returns. */
typedef uint32_t tenon_hlo_value;
#define TENON_HLO_NONE 0xFFFFFFFFu /* an operand that is absent */

/* Log levels. */
#define TENON_LOG_ERROR 1
#define TENON_LOG_WARNING 2
#define TENON_LOG_INFO 3
#define TENON_LOG_DEBUG 4

/* Kinds of the structs below (tenon_header.struct_kind). */
#define TENON_KIND_HOST_INFO 0x0101u
#define TENON_KIND_HOST_API 0x0102u
#define TENON_KIND_PLUGIN_INFO 0x0103u
#define TENON_KIND_OPERATOR 0x0104u
#define TENON_KIND_KERNEL 0x0105u
#define TENON_KIND_KERNEL_PLAN 0x0106u
#define TENON_KIND_HLO_OP 0x0107u
#define TENON_KIND_OPERATOR_USE 0x0108u
#define TENON_KIND_MACHINE 0x0109u

/* ---- Builder requests ---- */

/* One StableHLO operation. name: "add" or "stablehlo.add". attributes: by their VHLO names (broadcast_dimensions, comparison_direction ..).
 * result_types: where they do not follow from the operands (convert, reshape, broadcast_in_dim, iota, ..); else count 0. */
typedef struct tenon_hlo_op {
  tenon_header header;
  const char* name;
  size_t name_length;
  const tenon_hlo_value* operands;
  size_t operand_count;
  const tenon_attr* attributes;
  size_t attribute_count;
  const tenon_type_view* result_types;
  size_t result_type_count;
} tenon_hlo_op;
#define TENON_HLO_OP_INIT \
  { TENON_HEADER_INIT(tenon_hlo_op, TENON_KIND_HLO_OP), NULL, 0, NULL, 0, NULL, 0, NULL, 0 }

/* Another operator used inside a lowering. name: "reduce_mean" (the plugin's own namespace first, then Tenon's) or "example.my_norm".
 * operands: in the schema's order, TENON_HLO_NONE for absent ones. carrier 1 (in lower_as only): write it in the form that the target
 * asks for (composite, custom call); 0: as its meaning. */
typedef struct tenon_operator_use {
  tenon_header header;
  const char* name;
  size_t name_length;
  const tenon_hlo_value* operands;
  size_t operand_count;
  const tenon_attr* attributes;
  size_t attribute_count;
  uint32_t carrier;
  uint32_t reserved0;
} tenon_operator_use;
#define TENON_OPERATOR_USE_INIT \
  { TENON_HEADER_INIT(tenon_operator_use, TENON_KIND_OPERATOR_USE), NULL, 0, NULL, 0, NULL, 0, 0, 0 }

/* ---- The machine, for plans ---- */
typedef struct tenon_machine {
  tenon_header header;
  uint32_t threads; /* that parallel_for may use; at least 1 */
  uint32_t reserved0;
  uint64_t l1d_bytes, l2_bytes, l3_bytes; /* per core, per core, shared; 0: unknown */
  const char* level;                      /* the SIMD level in force, a name of configs/arch.json */
} tenon_machine;
#define TENON_MACHINE_INIT \
  { TENON_HEADER_INIT(tenon_machine, TENON_KIND_MACHINE), 1, 0, 0, 0, 0, NULL }

/* fn(argument, begin, end, slot): the part [begin, end) of a parallel_for; slot is below `threads`. */
typedef void (*tenon_parallel_fn)(void* argument, size_t begin, size_t end, size_t slot);

/* ---- What the host gives. Constant, append-only, lives for the process. TENON_HAS tests for a newer member. ---- */
typedef struct tenon_host_api {
  tenon_header header;
  uint32_t api_major;
  uint32_t api_minor;

  /* Memory. alloc: align is a power of two up to 4096; NULL on failure. free takes what alloc was asked for. scratch: not zeroed,
   * freed when the callback returns; NULL on failure. None of them may be called in run. */
  void* (*alloc)(tenon_call* call, size_t bytes, size_t align);
  void* (*realloc)(tenon_call* call, void* memory, size_t old_bytes, size_t new_bytes, size_t align);
  void (*free)(tenon_call* call, void* memory, size_t bytes, size_t align);
  void* (*scratch)(tenon_call* call, size_t bytes, size_t align);

  /* Errors and log. error_set keeps the first error and returns `code`, so that `return api->error_set(..)` works; advice may be NULL. */
  int32_t (*error_set)(tenon_call* call, int32_t code, const char* text, size_t length, const char* advice, size_t advice_length);
  int32_t (*log_enabled)(tenon_call* call, int32_t level);
  void (*log)(tenon_call* call, int32_t level, const char* text, size_t length);

  /* Reading a node. Operands and results stand in the schema's order, a variadic operand expanded. node_operand and node_result return 1
   * and fill *out, or return 0 if it is absent (out: dtype TENON_DTYPE_INVALID) or out of range. node_attr returns 1 and fills *out, or 0
   * if the operator has no such attribute or it has neither value nor default. Defaults are filled in (TENON_ATTR_DEFAULTED). Result types
   * are known in lower, lower_as, supports and plan. Dims and attribute contents live as long as the callback. */
  const char* (*node_operator)(const tenon_node* node, size_t* length); /* "rms_norm" */
  const char* (*node_name)(const tenon_node* node, size_t* length);     /* the user's name for it */
  size_t (*node_operand_count)(const tenon_node* node);
  int32_t (*node_operand)(const tenon_node* node, size_t index, tenon_type_view* out);
  size_t (*node_result_count)(const tenon_node* node);
  int32_t (*node_result)(const tenon_node* node, size_t index, tenon_type_view* out);
  int32_t (*node_attr)(const tenon_node* node, const char* name, size_t length, tenon_attr* out);

  /* In infer: the type of a result. A result that is not set is absent. The host copies dims. */
  int32_t (*infer_result)(tenon_call* call, size_t index, const tenon_type_view* type);

  /* Builder, in lower and lower_as. Each call is checked as it is made; after an error every further call returns that error. */
  int32_t (*build_operand)(tenon_call* call, tenon_builder* builder, size_t index, tenon_hlo_value* out); /* TENON_HLO_NONE if absent */
  int32_t (*build_type)(tenon_call* call, tenon_builder* builder, tenon_hlo_value value, tenon_type_view* out);
  int32_t (*build_op)(tenon_call* call, tenon_builder* builder, const tenon_hlo_op* op, tenon_hlo_value* results, size_t capacity,
                      size_t* count);
  int32_t (*build_constant)(tenon_call* call, tenon_builder* builder, const tenon_type_view* type, const void* data, size_t bytes,
                            tenon_hlo_value* out); /* bytes of one element: a splat */
  int32_t (*build_region_begin)(tenon_call* call, tenon_builder* builder, const tenon_type_view* arguments, size_t count,
                                tenon_hlo_value* out); /* a region of the next build_op */
  int32_t (*build_region_end)(tenon_call* call, tenon_builder* builder, const tenon_hlo_value* results, size_t count);
  int32_t (*build_operator)(tenon_call* call, tenon_builder* builder, const tenon_operator_use* use, tenon_hlo_value* results,
                            size_t capacity, size_t* count);
  int32_t (*build_return)(tenon_call* call, tenon_builder* builder, const tenon_hlo_value* results, size_t count);

  /* Running. parallel_for calls fn over [0, count) in parts of at least `grain`, on this thread and the host's pool, and returns when all
   * are done; inline when nested. cancelled: 1 if the caller wants the run to end soon. */
  void (*parallel_for)(tenon_call* call, size_t count, size_t grain, tenon_parallel_fn fn, void* argument);
  int32_t (*cancelled)(tenon_call* call);
  int32_t (*machine)(tenon_call* call, tenon_machine* out);

  /* An optional table by name, or NULL: how later groups of functions arrive. */
  const void* (*get_extension)(const char* name, size_t length, uint32_t min_minor);
} tenon_host_api;

/* True if this host's table has the member and it is set: the only right test for a member newer than your minimum. */
#define TENON_HAS(api, member) \
  ((api)->header.struct_size >= offsetof(tenon_host_api, member) + sizeof((api)->member) && (api)->member != NULL)

/* ---- Kernels ---- */

/* What plan() fills in. state: the plugin's, freed by plan_destroy. workspace: given to run, not zeroed, align a power of two up to 4096.
 * resultN_may_alias: bit i set: run is right when result N is the very same memory as operand i. bytes, flops: the least traffic and the
 * useful work of one run, for reports. note: one line for the printed plan, in static storage or in state. */
typedef struct tenon_kernel_plan {
  tenon_header header;
  void* state;
  size_t workspace_bytes;
  size_t workspace_align;
  uint64_t result0_may_alias;
  uint64_t result1_may_alias;
  double bytes;
  double flops;
  const char* note;
  size_t note_length;
} tenon_kernel_plan;
#define TENON_KERNEL_PLAN_INIT \
  { TENON_HEADER_INIT(tenon_kernel_plan, TENON_KIND_KERNEL_PLAN), NULL, 0, 0, 0, 0, 0.0, 0.0, NULL, 0 }

/* TENON_KERNEL_STRIDED: run takes operands and results of any strides; without it the host hands out compact row-major ones. */
#define TENON_KERNEL_STRIDED 1u

typedef struct tenon_kernel {
  tenon_header header;
  const char* name; /* as in the manifest's kernels */
  size_t name_length;
  const char* level; /* SIMD level it needs, a name of configs/arch.json; NULL: none */
  size_t level_length;
  uint32_t flags;
  uint32_t reserved0;
  const void* table; /* the plugin's: usually the level's table of functions */

  /* TENON_OK: takes this node. Any other code: declines; error_set says why, which explain shows. Cheap. */
  int32_t (*supports)(tenon_call* call, const struct tenon_kernel* self, const tenon_node* node);
  /* Decides everything that run needs. May allocate. All types are static. */
  int32_t (*plan)(tenon_call* call, const struct tenon_kernel* self, const tenon_node* node, tenon_kernel_plan* out);
  /* Views have strides (never NULL), dims as the node's types, no negative strides on results; data is aligned to its element at least.
   * An absent operand has dtype TENON_DTYPE_INVALID. Operands and results do not overlap but as the plan allowed. */
  int32_t (*run)(tenon_call* call, const struct tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                 size_t operand_count, const tenon_tensor_view* results, size_t result_count, void* workspace);
  void (*plan_destroy)(tenon_call* call, const struct tenon_kernel* self, void* state); /* may be NULL if state is always NULL */
} tenon_kernel;

/* ---- Operators ---- */
#define TENON_OPERATOR_KERNELS_ONLY 1u /* adds kernels to an operator that another plugin defines (manifest: kernels_for) */

typedef struct tenon_operator {
  tenon_header header;
  const char* name; /* as in the manifest, without namespace; KERNELS_ONLY: with it ("tenon.rms_norm") */
  size_t name_length;
  uint32_t version;
  uint32_t flags;
  /* The result types, through infer_result. The host has checked operand counts, dtypes, `like` and shape symbols of the schema, and
   * attribute types and ranges. NULL if the manifest names a stock rule. */
  int32_t (*infer)(tenon_call* call, const struct tenon_operator* self, const tenon_node* node);
  /* The meaning: builder calls that end in build_return with the present results in order. */
  int32_t (*lower)(tenon_call* call, const struct tenon_operator* self, const tenon_node* node, tenon_builder* builder);
  /* Optional: the form at a target whose operands differ. Writes what belongs around a build_operator with carrier = 1, or declines with a
   * code and a reason. NULL: the operands go as they are. */
  int32_t (*lower_as)(tenon_call* call, const struct tenon_operator* self, const tenon_node* node, const char* target, size_t target_length,
                      tenon_builder* builder);
  const tenon_kernel* const* kernels;
  size_t kernel_count;
  const void* user; /* the plugin's */
} tenon_operator;

/* ---- Entry point ---- */

#define TENON_SANITIZER_NONE 0u
#define TENON_SANITIZER_ADDRESS 1u
#define TENON_SANITIZER_THREAD 2u
#define TENON_SANITIZER_MEMORY 4u

typedef struct tenon_host_info {
  tenon_header header;
  uint32_t api_major;
  uint32_t api_minor_min; /* the host talks to plugins that ask for a minor in [min, max] */
  uint32_t api_minor_max;
  uint32_t sanitizer;
  uint32_t pointer_bytes;
  uint32_t little_endian;
  uint64_t cpu_features[4]; /* bits of configs/arch.json's feature list */
  const char* version;      /* "0.1.0" */
  size_t version_length;
  const tenon_host_api* api;
} tenon_host_info;

typedef struct tenon_plugin_info {
  tenon_header header;
  uint32_t api_minor_built;    /* TENON_PLUGIN_API_MINOR of the header it was built with */
  uint32_t api_minor_required; /* the lowest host minor that it works with */
  uint32_t api_minor_chosen;   /* out: min(host max, built) */
  uint32_t sanitizer;
  const char* name; /* as in the manifest */
  size_t name_length;
  const char* version;
  size_t version_length;
  const char* runtime; /* "none", "rust", "go", ..; NULL: none */
  size_t runtime_length;
  uint64_t features; /* reserved, zero */
  /* Optional. create runs once per context before any other callback, destroy at the context's end; *state goes nowhere else. */
  int32_t (*create)(tenon_call* call, void** state);
  void (*destroy)(tenon_call* call, void* state);
  void (*thread_exit)(void);
  const tenon_operator* const* operators;
  size_t operator_count;
  const void* const* importers; /* reserved for kind: importer; NULL */
  size_t importer_count;
} tenon_plugin_info;
#define TENON_PLUGIN_INFO_INIT                                                                                                         \
  {                                                                                                                                    \
    TENON_HEADER_INIT(tenon_plugin_info, TENON_KIND_PLUGIN_INFO), 0, 0, 0, 0, NULL, 0, NULL, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, 0, \
        NULL, 0                                                                                                                        \
  }

/* Pure: no allocation, thread or I/O; callable any number of times. Fills *out (at most out->header.struct_size bytes). Returns TENON_OK,
 * or TENON_INCOMPATIBLE if the host's range does not meet the plugin's. host->api lives for the process and may be kept. */
typedef int32_t (*tenon_plugin_query_fn)(const tenon_host_info* host, tenon_plugin_info* out);
#define TENON_PLUGIN_QUERY_SYMBOL "tenon_plugin_query_v1"

/* The sanitizer this translation unit is compiled with: for tenon_plugin_info.sanitizer. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TENON_SANITIZER_HERE TENON_SANITIZER_ADDRESS
#elif __has_feature(thread_sanitizer)
#define TENON_SANITIZER_HERE TENON_SANITIZER_THREAD
#elif __has_feature(memory_sanitizer)
#define TENON_SANITIZER_HERE TENON_SANITIZER_MEMORY
#endif
#endif
#if !defined(TENON_SANITIZER_HERE) && defined(__SANITIZE_ADDRESS__)
#define TENON_SANITIZER_HERE TENON_SANITIZER_ADDRESS
#elif !defined(TENON_SANITIZER_HERE) && defined(__SANITIZE_THREAD__)
#define TENON_SANITIZER_HERE TENON_SANITIZER_THREAD
#endif
#if !defined(TENON_SANITIZER_HERE)
#define TENON_SANITIZER_HERE TENON_SANITIZER_NONE
#endif

/* A plugin in a shared library defines its entry point as TENON_PLUGIN_ENTRY(query)(host, out) {..}; compiled with
 * -DTENON_STATIC_PLUGIN=some_name it becomes a plain function of that name, for tenon_context_add_static_plugin. */
#if defined(TENON_STATIC_PLUGIN)
#define TENON_PLUGIN_ENTRY TENON_STATIC_PLUGIN
#else
#define TENON_PLUGIN_ENTRY tenon_plugin_query_v1
#endif
TENON_EXPORT int32_t TENON_PLUGIN_ENTRY(const tenon_host_info* host, tenon_plugin_info* out);

#ifdef __cplusplus
}
#endif
#endif /* TENON_PLUGIN_H_ */
