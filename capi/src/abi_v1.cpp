// The frozen layouts of abi_v1.inc as C++ sees them. Compiled as part of libtenon, and by tests/abi for other architectures with
// `clang --target=.. -ffreestanding -fsyntax-only`, so it includes no C++ header.
#include "tenon/tenon.h"

namespace {

struct AlignOfInt64 {
  char first;
  int64_t second;
};

#if UINTPTR_MAX > 0xFFFFFFFFu
#define PICK(lp64, ilp32_4, ilp32_8) (lp64)
// No padding behind the last member, where a new field could hide without changing the size.
#define ENDS(type, field) static_assert(offsetof(type, field) + sizeof(type::field) == sizeof(type), #type " has a padded tail")
#else
#define PICK(lp64, ilp32_4, ilp32_8) (offsetof(AlignOfInt64, second) == 4 ? (ilp32_4) : (ilp32_8))
#define ENDS(type, field) static_assert(offsetof(type, field) + sizeof(type::field) <= sizeof(type), "")
#endif
#define STRUCT(type, lp64, ilp32_4, ilp32_8) static_assert(sizeof(type) == PICK(lp64, ilp32_4, ilp32_8), "size of " #type)
#define ALIGN(type, lp64, ilp32_4, ilp32_8) static_assert(alignof(type) == PICK(lp64, ilp32_4, ilp32_8), "alignment of " #type)
#define FIELD(type, field, lp64, ilp32_4, ilp32_8) \
  static_assert(offsetof(type, field) == PICK(lp64, ilp32_4, ilp32_8), "offset of " #type "." #field)
#define NUMBER(name, value) static_assert((name) == (value), #name " is not what it was")

#include "abi_v1.inc"

}  // namespace
