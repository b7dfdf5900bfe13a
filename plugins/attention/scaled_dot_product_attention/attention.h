// What the parts of scaled_dot_product_attention share: one use of it, read from its node.
#pragma once

#include "plugins/attention/compose.h"

namespace tenon::attention::sdpa {

// Operands and results, in the schema's order.
enum : std::size_t { kQuery, kKey, kValue, kMask, kKeyLengths, kSinks };
enum : std::size_t { kOutput, kLogSumExp };

struct Attention {
  std::int64_t batch = 0, queries = 0, keys = 0;  // may be dynamic
  std::int64_t query_heads = 1, heads = 1, size = 0, value_size = 0;
  bool has_heads = false;  // rank 4
  bool bsnh = false;
  bool causal = false, bottom_right = true;
  std::int64_t window = 0;
  double scale = 1, softcap = 0;
  bool return_log_sum_exp = false;

  std::int64_t group() const { return query_heads / heads; }
  // Where things stand in key and value.
  std::int64_t head_axis() const { return bsnh ? 2 : 1; }
  std::int64_t sequence_axis() const { return has_heads && !bsnh ? 2 : 1; }

  // The scores: [batch, heads, group, queries, keys], without heads for rank 3, without group where every head has its own key.
  bool grouped() const { return group() > 1; }
  std::int64_t score_rank() const { return 3 + (has_heads ? 1 : 0) + (grouped() ? 1 : 0); }
  std::int64_t key_axis() const { return score_rank() - 1; }
  std::int64_t query_axis() const { return score_rank() - 2; }
};

// Throws on operands and attributes that do not fit.
Attention read(const plugin::Node& node);

// Which scores count, in their shape: by position (causal, window, key_lengths), and by a mask of i1 too. Absent: all.
plugin::Value visible_by_position(plugin::Builder& b, const Attention& a, plugin::Value scores);
plugin::Value visible(plugin::Builder& b, const Attention& a, plugin::Value scores);
// key_lengths within 0 .. keys, as i32. Absent if it is.
plugin::Value key_lengths(plugin::Builder& b, const Attention& a);
// A mask in the scores' shape.
plugin::Value spread_mask(plugin::Builder& b, const Attention& a, plugin::Value mask, plugin::Value scores);

void infer(const plugin::Node& node);
void lower(plugin::Builder& b);
void lower_as(plugin::Builder& b, std::string_view target);

}  // namespace tenon::attention::sdpa
