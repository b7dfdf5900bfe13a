// The kernel of kv_cache_update against its definition: row start + i holds the update's row i, every other row stays. Values move, so that
// they are compared exactly.
#include <gtest/gtest.h>

#include "plugins/support/test_kernel.h"

extern "C" const tenon_operator tenon_operator_kv_cache_update;

namespace {

namespace host = tenon::test_host;
using namespace tenon;               // NOLINT
using namespace tenon::test_kernel;  // NOLINT

struct Case {
  tenon_dtype dtype = TENON_F32;
  std::int64_t batch = 2, heads = 3, capacity = 11, length = 4, size = 5;
  std::vector<std::int64_t> starts = {2};  // one, or one per row of the batch
  bool scalar = true, ring = false, in_place = false;
  tenon_dtype start_type = TENON_I32;
  Lay lay = Lay::Compact, result_lay = Lay::Compact;
};

std::vector<double> run(const Case& c, std::string* note = nullptr) {
  const Dims dims{c.batch, c.heads, c.capacity, c.size}, update_dims{c.batch, c.heads, c.length, c.size};
  Tensor cache({c.dtype, dims}, c.lay), update({c.dtype, update_dims}, c.lay), result({c.dtype, dims}, c.result_lay);
  Tensor start({c.start_type, c.scalar ? Dims{} : Dims{c.batch}}, c.scalar ? Lay::Compact : c.lay);
  cache.fill([](std::size_t i) { return static_cast<double>(i % 100); });
  update.fill([](std::size_t i) { return 100 + static_cast<double>(i % 27); });
  start.fill([&](std::size_t i) { return static_cast<double>(c.starts[i]); });
  std::vector<double> want = cache.values();
  for (std::int64_t b = 0; b < c.batch; ++b)
    for (std::int64_t h = 0; h < c.heads; ++h)
      for (std::int64_t i = 0; i < c.length; ++i) {
        std::int64_t first = c.starts[c.scalar ? 0 : static_cast<std::size_t>(b)];
        if (!c.ring) first = std::clamp<std::int64_t>(first, 0, c.capacity - c.length);
        const std::int64_t row = ((first + i) % c.capacity + c.capacity) % c.capacity;
        for (std::int64_t d = 0; d < c.size; ++d)
          want[static_cast<std::size_t>(((b * c.heads + h) * c.capacity + row) * c.size + d)] =
              update.get(static_cast<std::size_t>(((b * c.heads + h) * c.length + i) * c.size + d));
      }
  tenon_node node{"kv_cache_update", {}, {}, {}};
  node.attributes["mode"] = test_host::attribute(c.ring ? "ring" : "linear");
  Tensor& out = c.in_place ? cache : result;
  const Ran ran =
      test_kernel::run(find_kernel(tenon_operator_kv_cache_update, "kv_cache_update", ""), node, {&cache, &update, &start}, {&out});
  EXPECT_EQ(ran.code, TENON_OK) << ran.message;
  EXPECT_TRUE(out.guards_hold());
  if (note != nullptr) *note = ran.note;
  EXPECT_EQ(out.values(), want) << plugin::dtype_name(c.dtype) << " start " << c.starts[0] << " ring " << c.ring << " in place "
                                << c.in_place;
  return out.values();
}

TEST(KvCacheUpdate, EveryStartAndLayout) {
  host::machine.threads = 1;
  for (tenon_dtype dtype : {TENON_UI8, TENON_BF16, TENON_F32, TENON_I64})
    for (Lay lay : kLays)
      for (Lay result_lay : kLays)
        for (bool in_place : {false, true})
          for (bool ring : {false, true})
            for (std::int64_t start : {-100, -3, 0, 5, 7, 9, 11, 1000}) {
              run({.dtype = dtype, .starts = {start}, .ring = ring, .in_place = in_place, .lay = lay, .result_lay = result_lay});
              run({.dtype = dtype,
                   .starts = {start, 3 - start},
                   .scalar = false,
                   .ring = ring,
                   .in_place = in_place,
                   .start_type = TENON_I64,
                   .lay = lay,
                   .result_lay = result_lay});
            }
}

TEST(KvCacheUpdate, Sizes) {
  host::machine.threads = 1;
  for (bool in_place : {false, true})
    for (bool ring : {false, true}) {
      run({.length = 11, .starts = {4}, .ring = ring, .in_place = in_place});  // as long as the cache
      run({.length = 0, .starts = {4}, .ring = ring, .in_place = in_place});
      run({.capacity = 0, .length = 0, .starts = {0}, .ring = ring, .in_place = in_place});
      run({.batch = 0, .starts = {0}, .ring = ring, .in_place = in_place});
      run({.size = 0, .starts = {0}, .ring = ring, .in_place = in_place});
    }
}

TEST(KvCacheUpdate, ThreadsAgree) {
  Case c{.batch = 2, .heads = 4, .capacity = 500, .length = 70, .size = 64, .starts = {480}, .ring = true};
  host::machine.threads = 1;
  const std::vector<double> one = run(c);
  host::machine.threads = 3;
  std::string note;
  EXPECT_EQ(run(c, &note), one);
  EXPECT_NE(note.find("parallel"), std::string::npos) << note;
  c.in_place = true;
  EXPECT_EQ(run(c), one);
}

}  // namespace
