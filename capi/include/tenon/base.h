/* tenon/base.h - what the host API (tenon.h) and the plugin API (plugin.h) share.
 *
 * Conventions, said once:
 *  - Every function that can fail returns int32_t: TENON_OK (0) or a code below. Codes are never exhaustive: treat an unknown one as
 *    TENON_UNKNOWN.
 *  - Text is UTF-8, given as pointer and length. What the library returns is also NUL-terminated.
 *  - Every growable struct starts with tenon_header and is initialised with its TENON_..._INIT macro. `= {0}` is not enough: the size
 *    would be 0 and the struct refused.
 *  - Zero means "default" for every field. reservedN fields are zero.
 *  - Shapes are int64_t; TENON_DYNAMIC is a size that is not known yet.
 */
#ifndef TENON_BASE_H_
#define TENON_BASE_H_

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define TENON_EXPORT
#elif defined(__GNUC__)
#define TENON_EXPORT __attribute__((visibility("default")))
#else
#define TENON_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status codes. 1 to 16 are those of gRPC, absl, PJRT, XLA FFI and IREE; 18 as in IREE; ours from 100. ---- */
#define TENON_OK 0
#define TENON_CANCELLED 1
#define TENON_UNKNOWN 2
#define TENON_INVALID_ARGUMENT 3
#define TENON_DEADLINE_EXCEEDED 4
#define TENON_NOT_FOUND 5
#define TENON_ALREADY_EXISTS 6
#define TENON_PERMISSION_DENIED 7
#define TENON_RESOURCE_EXHAUSTED 8
#define TENON_FAILED_PRECONDITION 9
#define TENON_ABORTED 10
#define TENON_OUT_OF_RANGE 11
#define TENON_UNIMPLEMENTED 12
#define TENON_INTERNAL 13
#define TENON_UNAVAILABLE 14
#define TENON_DATA_LOSS 15
#define TENON_UNAUTHENTICATED 16
#define TENON_INCOMPATIBLE 18
#define TENON_PLUGIN_REJECTED 100   /* a plugin was refused; the cause chain says why */
#define TENON_NOT_UNDERSTOOD 101    /* a newer caller set a field or extension that this library does not know */
#define TENON_MANIFEST_INVALID 102  /* a manifest breaks a rule; file:line:column is in the error */
#define TENON_MANIFEST_MISMATCH 103 /* a manifest and its library disagree */
#define TENON_UNTRUSTED 104         /* owner or mode of a plugin's file or folder */
#define TENON_CPU_UNSUPPORTED 105   /* needs a CPU feature that this machine lacks */
#define TENON_DEPENDENCY_MISSING 106
#define TENON_PROBE_FAILED 107
#define TENON_FP_ENV_CHANGED 108 /* a plugin changed rounding or denormal handling; it was restored */

/* ---- Element types. The numbers are ABI and never reused. ---- */
typedef int32_t tenon_dtype;
#define TENON_DTYPE_INVALID 0
#define TENON_I1 1 /* one byte per element, 0 or 1 */
#define TENON_I4 2 /* one int8 per element */
#define TENON_I8 3
#define TENON_I16 4
#define TENON_I32 5
#define TENON_I64 6
#define TENON_UI4 7 /* one uint8 per element */
#define TENON_UI8 8
#define TENON_UI16 9
#define TENON_UI32 10
#define TENON_UI64 11
#define TENON_F8E4M3FN 12
#define TENON_F8E5M2 13
#define TENON_F16 14  /* IEEE binary16, as uint16_t */
#define TENON_BF16 15 /* bfloat16, as uint16_t */
#define TENON_F32 16
#define TENON_F64 17

#define TENON_DYNAMIC INT64_MIN
#define TENON_MAX_RANK 32

/* ---- The head of every growable struct. ----
 * struct_size: sizeof the struct as the sender's compiler saw it. struct_kind: which struct. next: a chain of extension structs, each
 * starting with a tenon_header; an unknown kind with the top bit set must be understood, else it is skipped. */
typedef struct tenon_header {
  uint32_t struct_size;
  uint32_t struct_kind;
  const void* next;
} tenon_header;

#define TENON_KIND_MUST_UNDERSTAND 0x80000000u
#define TENON_HEADER_INIT(type, kind) \
  { (uint32_t)sizeof(type), (kind), NULL }

/* ---- A view of a tensor in memory: borrowed, never owned. ----
 * data points at element [0,..,0]. dims and strides have `rank` entries; strides count elements (not bytes), may be zero or negative;
 * strides NULL means compact row-major. The data need not be aligned beyond its element unless a function says so. A tensor of no
 * elements may have data NULL. TENON_TENSOR_READ_ONLY: nobody writes through this view. */
#define TENON_TENSOR_READ_ONLY 1u
typedef struct tenon_tensor_view {
  void* data;
  const int64_t* dims;
  const int64_t* strides;
  int32_t rank;
  tenon_dtype dtype;
  uint32_t flags;
  uint32_t reserved0;
} tenon_tensor_view;
#define TENON_TENSOR_VIEW_INIT \
  { NULL, NULL, NULL, 0, TENON_DTYPE_INVALID, 0, 0 }

/* ---- An attribute's value. ----
 * kind says which member counts. BOOL and I64: i64. F64: f64. STRING: text, count = its length. DTYPE: i64 is the tenon_dtype.
 * I64S and BOOLS: i64s, count. F64S: f64s, count. STRINGS: items, each a STRING. DICT: items, each named. */
typedef int32_t tenon_attr_kind;
#define TENON_ATTR_NONE 0
#define TENON_ATTR_BOOL 1
#define TENON_ATTR_I64 2
#define TENON_ATTR_F64 3
#define TENON_ATTR_STRING 4
#define TENON_ATTR_DTYPE 5
#define TENON_ATTR_I64S 6
#define TENON_ATTR_F64S 7
#define TENON_ATTR_BOOLS 8
#define TENON_ATTR_STRINGS 9
#define TENON_ATTR_DICT 10

typedef struct tenon_attr {
  const char* name;
  size_t name_length;
  tenon_attr_kind kind;
  uint32_t flags; /* TENON_ATTR_DEFAULTED */
  int64_t i64;
  double f64;
  const char* text;
  const int64_t* i64s;
  const double* f64s;
  const struct tenon_attr* items;
  size_t count;
} tenon_attr;
#define TENON_ATTR_INIT \
  { NULL, 0, TENON_ATTR_NONE, 0, 0, 0.0, NULL, NULL, NULL, NULL, 0 }
#define TENON_ATTR_DEFAULTED 1u /* filled in from the schema's default: the user did not give it */

/* ---- A tensor type: dtype and dims, no data. dims is borrowed. ---- */
typedef struct tenon_type_view {
  const int64_t* dims;
  int32_t rank;
  tenon_dtype dtype;
} tenon_type_view;
#define TENON_TYPE_VIEW_INIT \
  { NULL, 0, TENON_DTYPE_INVALID }

#ifdef __cplusplus
}
#endif
#endif /* TENON_BASE_H_ */
