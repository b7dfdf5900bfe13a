// dequantize_blocks: GGUF's block formats as arithmetic on bytes. A format is a row of kFormats. The operator's table stands in kernel.cpp.
#include "plugins/quantization/blocks/blocks.h"

namespace tenon::quantization::blocks {
namespace {

using namespace plugin;

// Blocks as a matrix of ui8, [blocks, bytes of one], and the dtype that numbers are computed in.
class Blocks {
 public:
  Blocks(Builder& b, Value bytes, std::int64_t count, std::int64_t size, tenon_dtype wide)
      : b_(b), bytes_(b.reshape(bytes, {count, size})), count_(count), wide_(wide) {}

  std::int64_t count() const { return count_; }
  Value bytes(std::int64_t from, std::int64_t length) { return b_.slice(bytes_, {0, from}, {count_, from + length}, {1, 1}); }
  // Two bytes, the low one first, as an f16: [blocks, 1].
  Value half(std::int64_t from) {
    const Value low = b_.convert(bytes(from, 1), TENON_UI16), high = b_.convert(bytes(from + 1, 1), TENON_UI16);
    const Value bits = b_.logical_or(low, b_.op1("shift_left", {high, b_.splat_like(high, 8)}));
    return b_.convert(b_.op1("bitcast_convert", {bits}, {}, {{TENON_F16, {count_, 1}}}), wide_);
  }
  Value low_bits(Value value, int bits) { return b_.logical_and(value, b_.splat_like(value, (1 << bits) - 1)); }
  Value high_bits(Value value, int from) { return b_.op1("shift_right_logical", {value, b_.splat_like(value, from)}); }
  // The low halves of the bytes, then the high ones.
  Value nibbles(Value value) { return b_.concatenate({low_bits(value, 4), high_bits(value, 4)}, 1); }
  Value to_float(Value value) { return b_.convert(value, wide_); }
  Value times(Value per_block, Value value) { return b_.multiply(b_.broadcast_like(per_block, value), value); }

 private:
  Builder& b_;
  Value bytes_;
  std::int64_t count_;
  tenon_dtype wide_;
};

Value q8_0(Builder& b, Blocks& blocks) {
  const Value q = b.op1("bitcast_convert", {blocks.bytes(2, 32)}, {}, {{TENON_I8, {blocks.count(), 32}}});
  const Value scale = blocks.half(0);
  return blocks.times(scale, blocks.to_float(q));
}

Value q4_0(Builder& b, Blocks& blocks) {
  const Value q = blocks.to_float(blocks.nibbles(blocks.bytes(2, 16)));
  const Value scale = blocks.half(0);
  return blocks.times(scale, b.subtract(q, b.splat_like(q, 8)));
}

// The 8 factors s or t of a block, 6 bits each: four in the low bits of bytes `own`, and four of which the low halves are bits `shift` on
// of the last four bytes and the upper two bits are those of the bytes `own`.
Value factors(Builder& b, Blocks& blocks, std::int64_t own, int shift) {
  const Value mine = blocks.bytes(4 + own, 4), last = blocks.bytes(12, 4);
  const Value low = shift == 0 ? blocks.low_bits(last, 4) : blocks.high_bits(last, shift);
  const Value high = blocks.high_bits(mine, 6);
  const Value later = b.logical_or(low, b.op1("shift_left", {high, b.splat_like(high, 4)}));
  return blocks.to_float(b.concatenate({blocks.low_bits(mine, 6), later}, 1));
}

Value q4_k(Builder& b, Blocks& blocks) {
  const std::int64_t n = blocks.count();
  const Value d = blocks.half(0), m = blocks.half(2);
  const Value scale = blocks.times(d, factors(b, blocks, 0, 0));
  const Value least = blocks.times(m, factors(b, blocks, 4, 4));
  // Four groups of 32 bytes; the low halves belong to one pair of factors, the high halves to the next.
  const Value groups = b.reshape(blocks.bytes(16, 128), {n, 4, 1, 32});
  const Value halves = b.concatenate({blocks.low_bits(groups, 4), blocks.high_bits(groups, 4)}, 2);
  const Value q = blocks.to_float(b.reshape(halves, {n, 8, 32}));
  const Value scaled = b.multiply(q, b.broadcast_like(scale, q, {0, 1}));
  return b.subtract(scaled, b.broadcast_like(least, q, {0, 1}));
}

struct Format {
  std::string_view name;
  std::int64_t length, bytes;  // numbers in a block, and the bytes that hold them
  Value (*lower)(Builder&, Blocks&);
  Coding coding;
};
constexpr Format kFormats[] = {
    {"q8_0", 32, 34, q8_0, Coding::Q8_0}, {"q4_0", 32, 18, q4_0, Coding::Q4_0}, {"q4_k", 256, 144, q4_k, Coding::Q4_K}};

const Format& format_of(const Node& node) {
  for (const Format& format : kFormats)
    if (format.name == node.string("format")) return format;
  node.fail(TENON_INTERNAL, cat("no lowering for format ", node.string("format")));
}

// [0, limit] or TENON_DYNAMIC for what is larger.
std::int64_t elements(const Dims& dims) {
  constexpr std::int64_t kMost = std::int64_t{1} << 48;
  std::int64_t count = 1;
  for (std::int64_t size : dims)
    if (size == 0) return 0;
  for (std::int64_t size : dims) {
    if (size > kMost / count) return TENON_DYNAMIC;
    count *= size;
  }
  return count;
}

}  // namespace

Size size_of(const Node& node) {
  const Format& format = format_of(node);
  return {format.length, format.bytes, format.coding};
}

void infer(const Node& node) {
  const Type bytes = node.operand(0);
  const Format& format = format_of(node);
  const Dims shape = node.ints("shape");
  const tenon_dtype dtype = node.dtype("dtype");
  if (!bytes.is_static()) node.fail(TENON_UNIMPLEMENTED, cat("operand bytes has a dynamic shape ", text(bytes.dims)));
  if (!is_float(dtype) || dtype < TENON_F16)
    node.fail(TENON_INVALID_ARGUMENT, cat("dtype must be one of f16, bf16, f32, f64, got ", dtype_name(dtype)));
  if (shape.empty() || shape.back() % format.length != 0)
    node.fail(TENON_INVALID_ARGUMENT, cat("the last dimension of shape must be a multiple of ", format.length,
                                          ", the numbers in a block of ", format.name, ", got ", text(shape)));
  const std::int64_t count = elements(shape);
  if (count == TENON_DYNAMIC) node.fail(TENON_INVALID_ARGUMENT, cat("shape ", text(shape), " has too many elements"));
  if (elements(bytes.dims) != count / format.length * format.bytes)
    node.fail(TENON_INVALID_ARGUMENT, cat("shape ", text(shape), " in ", format.name, " takes ", count / format.length * format.bytes,
                                          " bytes, got ", text(bytes.dims)));
  node.set_result(0, {dtype, shape});
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Format& format = format_of(node);
  const Dims shape = node.ints("shape");
  const tenon_dtype dtype = node.dtype("dtype"), wide = dtype == TENON_F64 ? TENON_F64 : TENON_F32;
  Blocks blocks(b, b.operand(0), elements(shape) / format.length, format.bytes, wide);
  b.finish({b.convert(b.reshape(format.lower(b, blocks), shape), dtype)});
}

}  // namespace tenon::quantization::blocks
