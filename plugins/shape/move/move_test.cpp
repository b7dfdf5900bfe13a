// The kernels that move data, at every level that this machine has: every element of a result is compared with the element that the
// operator's definition names, found by coordinates. Sizes lie around tiles (64 bytes) and their vectors (16), on both sides.
#include <gtest/gtest.h>

#include <numeric>

#include "plugins/support/test_kernel.h"

namespace {

namespace host = tenon::test_host;
using namespace tenon;               // NOLINT
using namespace tenon::test_kernel;  // NOLINT
using At = std::vector<std::int64_t>;

#define TENON_OPERATORS(X) \
  X(permute)               \
  X(slice)                 \
  X(reverse)               \
  X(concat)                \
  X(stack)                 \
  X(split)                 \
  X(expand)                \
  X(tile)                  \
  X(repeat_interleave)     \
  X(pad)                   \
  X(diagonal)              \
  X(reshape) X(dynamic_slice) X(dynamic_update_slice) X(constant_of_shape) X(gather) X(take_along_axis) X(gather_nd) X(tril) X(triu)
#define TENON_DECLARE(name) extern "C" const tenon_operator tenon_operator_##name;
TENON_OPERATORS(TENON_DECLARE)
const tenon_operator& table_of(const std::string& name) {
#define TENON_RETURN(op) \
  if (name == #op) return tenon_operator_##op;
  TENON_OPERATORS(TENON_RETURN)
  std::abort();
}

constexpr tenon_dtype kTypes[] = {TENON_UI8, TENON_BF16, TENON_F32, TENON_I64};  // 1, 2, 4, 8 bytes

At place_of(std::size_t i, const Dims& dims) {
  At place(dims.size());
  for (std::size_t d = dims.size(); d-- > 0;) {
    place[d] = static_cast<std::int64_t>(i % static_cast<std::size_t>(dims[d]));
    i /= static_cast<std::size_t>(dims[d]);
  }
  return place;
}
std::size_t number_of(const At& place, const Dims& dims) {
  std::size_t i = 0;
  for (std::size_t d = 0; d < dims.size(); ++d) i = i * static_cast<std::size_t>(dims[d]) + static_cast<std::size_t>(place[d]);
  return i;
}

// Numbers that every type holds, different ones in each operand.
Tensor numbered(tenon_dtype dtype, Dims dims, Lay lay, int which = 0) {
  Tensor t({dtype, std::move(dims)}, lay);
  return t.fill([which](std::size_t i) { return static_cast<double>((i * 7 + static_cast<std::size_t>(which) * 31) % 127); });
}

// One use of an operator. want(result, place): the value that belongs there.
struct Use {
  std::string op, kernel = "move", level;
  std::map<std::string, tenon_attr> attributes = {};
};
std::string run(const Use& use, const std::vector<Tensor*>& operands, const std::vector<Tensor*>& results,
                const std::function<double(std::size_t, const At&)>& want) {
  tenon_node node{use.op, {}, {}, use.attributes};
  const Ran ran = test_kernel::run(find_kernel(table_of(use.op), use.kernel, use.level), node, operands, results);
  EXPECT_EQ(ran.code, TENON_OK) << use.op << ": " << ran.message;
  for (std::size_t r = 0; r < results.size(); ++r) {
    Tensor& result = *results[r];
    EXPECT_TRUE(result.guards_hold()) << use.op << ": something outside the result was written; " << ran.note;
    for (std::size_t i = 0; i < result.elements(); ++i) {
      const double expected = want(r, place_of(i, result.type.dims));
      if (result.get(i) == expected) continue;
      ADD_FAILURE() << use.level << " " << use.op << " " << plugin::dtype_name(result.type.dtype) << " " << plugin::text(result.type.dims)
                    << " result " << r << " element " << i << ": " << result.get(i) << ", not " << expected << "; " << ran.note;
      return ran.note;
    }
  }
  return ran.note;
}

class MoveLevel : public LevelTest {
 protected:
  // body(dtype, lay of operands, lay of results)
  static void for_all(const std::function<void(tenon_dtype, Lay, Lay)>& body) {
    for (tenon_dtype dtype : kTypes)
      for (Lay from : kLays)
        for (Lay to : {Lay::Compact, Lay::Strided, Lay::Misaligned}) body(dtype, from, to);
  }
};

void expect_permuted(const std::string& level, tenon_dtype dtype, const Dims& input, const Dims& order, Lay from, Lay to,
                     std::string* note = nullptr) {
  Dims output;
  for (std::int64_t d : order) output.push_back(input[static_cast<std::size_t>(d)]);
  Tensor x = numbered(dtype, input, from), y({dtype, output}, to);
  const std::string said =
      run({"permute", "move", level, {{"permutation", host::attribute(order)}}}, {&x}, {&y}, [&](std::size_t, const At& at) {
        At place(at.size());
        for (std::size_t i = 0; i < at.size(); ++i) place[static_cast<std::size_t>(order[i])] = at[i];
        return x.get(number_of(place, input));
      });
  if (note != nullptr) *note = said;
}

TEST_P(MoveLevel, EveryPermutation) {
  for_all([](tenon_dtype dtype, Lay from, Lay to) {
    Dims order{0, 1, 2, 3};
    do expect_permuted(GetParam(), dtype, {2, 5, 3, 17}, order, from, to);
    while (std::next_permutation(order.begin(), order.end()));
  });
}

TEST_P(MoveLevel, TransposesAroundTiles) {
  for (tenon_dtype dtype : kTypes)
    for (const Dims& shape :
         {Dims{1, 1}, Dims{16, 16}, Dims{64, 64}, Dims{63, 65}, Dims{129, 31}, Dims{3, 200}, Dims{200, 3}, Dims{17, 1100}})
      for (Lay from : kLays)
        for (Lay to : {Lay::Compact, Lay::Misaligned}) expect_permuted(GetParam(), dtype, shape, {1, 0}, from, to);
  for (tenon_dtype dtype : kTypes)  // short runs that count as one element, and planes among other dimensions
    for (const Dims& shape : {Dims{40, 33, 2}, Dims{40, 33, 4}, Dims{40, 33, 8}, Dims{21, 22, 3}})
      for (const Dims& order : {Dims{1, 0, 2}, Dims{2, 1, 0}, Dims{2, 0, 1}})
        expect_permuted(GetParam(), dtype, shape, order, Lay::Compact, Lay::Compact);
}

TEST_P(MoveLevel, ThreadsAndPathsAgree) {
  host::machine.l2_bytes = host::machine.l3_bytes = 1 << 10;
  for (tenon_dtype dtype : kTypes)
    for (const auto& [shape, order] : {std::pair<Dims, Dims>{{520, 777}, {1, 0}}, {{4, 96, 6, 80}, {0, 2, 1, 3}}, {{3, 200000}, {0, 1}}})
      for (Lay to : {Lay::Compact, Lay::Misaligned})
        for (std::uint32_t threads : {1u, 3u}) {
          host::machine.threads = threads;
          std::string note;
          expect_permuted(GetParam(), dtype, shape, order, Lay::Compact, to, &note);
          EXPECT_NE(note.find("streaming"), std::string::npos) << note;
          if (threads == 3 && dtype != TENON_UI8) {
            EXPECT_NE(note.find("parallel"), std::string::npos) << note;
          }
        }
}

TEST_P(MoveLevel, Slices) {
  for_all([](tenon_dtype dtype, Lay from, Lay to) {
    const Dims input{9, 21, 70}, starts{7, 2, -1}, ends{-20, 20, 3}, steps{-2, 3, -5};
    Tensor x = numbered(dtype, input, from), y({dtype, {4, 6, 14}}, to);
    run({"slice",
         "move",
         GetParam(),
         {{"starts", host::attribute(starts)}, {"ends", host::attribute(ends)}, {"steps", host::attribute(steps)}}},
        {&x}, {&y}, [&](std::size_t, const At& at) {
          return x.get(number_of({7 - 2 * at[0], 2 + 3 * at[1], 69 - 5 * at[2]}, input));
        });
    const Dims axes{2, 0};
    Tensor reversed({dtype, input}, to);
    run({"reverse", "move", GetParam(), {{"axes", host::attribute(axes)}}}, {&x}, {&reversed}, [&](std::size_t, const At& at) {
      return x.get(number_of({8 - at[0], at[1], 69 - at[2]}, input));
    });
  });
}

TEST_P(MoveLevel, JoinsAndSplits) {
  for_all([](tenon_dtype dtype, Lay from, Lay to) {
    for (std::int64_t axis : {0, 1, 2}) {
      const auto on = static_cast<std::size_t>(axis);
      std::vector<Tensor> parts;
      Dims whole{3, 4, 5};
      whole[on] = 0;
      const Dims sizes{2, 0, 7, 1};
      for (std::int64_t size : sizes) {
        Dims dims{3, 4, 5};
        dims[on] = size;
        whole[on] += size;
        parts.push_back(numbered(dtype, dims, from, static_cast<int>(parts.size())));
      }
      const auto part_of = [&](At at) {
        std::size_t part = 0;
        while (at[on] >= sizes[part]) at[on] -= sizes[part++];
        return std::pair{part, at};
      };
      Tensor joined({dtype, whole}, to);
      run({"concat", "move", GetParam(), {{"axis", host::attribute(axis)}}}, {&parts[0], &parts[1], &parts[2], &parts[3]}, {&joined},
          [&](std::size_t, const At& at) {
            const auto [part, place] = part_of(at);
            return parts[part].get(number_of(place, parts[part].type.dims));
          });
      Tensor input = numbered(dtype, whole, from);
      std::vector<Tensor> outputs;
      for (std::size_t i = 0; i < sizes.size(); ++i) outputs.emplace_back(parts[i].type, to);
      run({"split", "move", GetParam(), {{"axis", host::attribute(axis)}, {"sizes", host::attribute(sizes)}}}, {&input},
          {&outputs[0], &outputs[1], &outputs[2], &outputs[3]}, [&](std::size_t r, const At& at) {
            At place = at;
            place[on] += std::accumulate(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(r), std::int64_t{0});
            return input.get(number_of(place, whole));
          });
      Tensor a = numbered(dtype, {3, 19}, from, 1), b = numbered(dtype, {3, 19}, from, 2);
      Dims stacked{3, 19};
      stacked.insert(stacked.begin() + axis, 2);
      Tensor both({dtype, stacked}, to);
      run({"stack", "move", GetParam(), {{"axis", host::attribute(axis)}}}, {&a, &b}, {&both}, [&](std::size_t, At at) {
        Tensor& one = at[on] == 0 ? a : b;
        at.erase(at.begin() + axis);
        return one.get(number_of(at, {3, 19}));
      });
    }
  });
}

TEST_P(MoveLevel, Repeats) {
  for_all([](tenon_dtype dtype, Lay from, Lay to) {
    const Dims input{3, 1, 17}, shape{2, 3, 5, 17}, wide{3, 4, 17}, repeats{2, 3, 2};
    Tensor x = numbered(dtype, input, from), expanded({dtype, shape}, to), tiled({dtype, {6, 3, 34}}, to);
    run({"expand", "move", GetParam(), {{"shape", host::attribute(shape)}}}, {&x}, {&expanded}, [&](std::size_t, const At& at) {
      return x.get(number_of({at[1], 0, at[3]}, input));
    });
    run({"tile", "move", GetParam(), {{"repeats", host::attribute(repeats)}}}, {&x}, {&tiled}, [&](std::size_t, const At& at) {
      return x.get(number_of({at[0] % 3, 0, at[2] % 17}, input));
    });
    Tensor column = numbered(dtype, {9, 1}, from), rows({dtype, {9, 40}}, to);
    const Dims forty{9, 40};
    run({"expand", "move", GetParam(), {{"shape", host::attribute(forty)}}}, {&column}, {&rows},
        [&](std::size_t, const At& at) { return column.get(static_cast<std::size_t>(at[0])); });
    for (std::int64_t axis : {0, 2}) {
      Dims out = input;
      out[static_cast<std::size_t>(axis)] *= 4;
      Tensor y({dtype, out}, to);
      run({"repeat_interleave", "move", GetParam(), {{"axis", host::attribute(axis)}, {"repeats", host::attribute(std::int64_t{4})}}}, {&x},
          {&y}, [&](std::size_t, At at) {
            at[static_cast<std::size_t>(axis)] /= 4;
            return x.get(number_of(at, input));
          });
    }
  });
}

TEST_P(MoveLevel, Pads) {
  for_all([](tenon_dtype dtype, Lay from, Lay to) {
    for (const char* mode : {"constant", "edge", "reflect"}) {
      const bool constant = std::string(mode) == "constant", edge = std::string(mode) == "edge";
      const Dims input{4, 5, 19}, low = constant ? Dims{2, -1, 3} : Dims{2, 0, 3}, high = constant ? Dims{1, -2, 18} : Dims{1, 4, 18};
      Dims output = input;
      for (std::size_t d = 0; d < 3; ++d) output[d] += low[d] + high[d];
      Tensor x = numbered(dtype, input, from), y({dtype, output}, to);
      run({"pad",
           "move",
           GetParam(),
           {{"low", host::attribute(low)},
            {"high", host::attribute(high)},
            {"value", host::attribute(3.0)},
            {"mode", host::attribute(mode)}}},
          {&x}, {&y}, [&](std::size_t, At at) {
            for (std::size_t d = 0; d < 3; ++d) {
              at[d] -= low[d];
              const std::int64_t last = input[d] - 1;
              if (at[d] >= 0 && at[d] <= last) continue;
              if (constant) return 3.0;
              at[d] = edge ? std::clamp<std::int64_t>(at[d], 0, last) : at[d] < 0 ? -at[d] : 2 * last - at[d];
            }
            return x.get(number_of(at, input));
          });
    }
  });
}

TEST_P(MoveLevel, ViewsAndDiagonals) {
  for_all([](tenon_dtype dtype, Lay from, Lay to) {
    const Dims input{6, 35, 4}, shape{8, 15, 7};
    Tensor x = numbered(dtype, input, from), y({dtype, shape}, to);
    run({"reshape", "move", GetParam()}, {&x}, {&y}, [&](std::size_t, const At& at) { return x.get(number_of(at, shape)); });
    Tensor d({dtype, {35, 3}}, to);
    run({"diagonal",
         "move",
         GetParam(),
         {{"offset", host::attribute(std::int64_t{1})},
          {"axis1", host::attribute(std::int64_t{0})},
          {"axis2", host::attribute(std::int64_t{2})}}},
        {&x}, {&d}, [&](std::size_t, const At& at) {
          return x.get(number_of({at[1], at[0], at[1] + 1}, input));
        });
  });
}

// The kernel of tril and triu has no level: once is enough.
TEST(Triangles, EveryDiagonalAndLayout) {
  host::machine.threads = 3;
  for (tenon_dtype dtype : kTypes)
    for (Lay from : kLays)
      for (Lay to : {Lay::Compact, Lay::Strided, Lay::Misaligned})
        for (const Dims& dims : {Dims{2, 5, 9}, Dims{9, 5}, Dims{3, 0}, Dims{0, 3}, Dims{300, 257}})
          for (std::int64_t diagonal : {std::int64_t{INT64_MIN}, std::int64_t{-7}, std::int64_t{-1}, std::int64_t{0}, std::int64_t{3},
                                        std::int64_t{9}, std::int64_t{INT64_MAX}})
            for (const char* op : {"tril", "triu"})
              for (bool in_place : {false, true}) {
                if (dims[0] == 300 && (from != Lay::Compact || diagonal > 3)) continue;
                Tensor x = numbered(dtype, dims, from), y({dtype, dims}, to);
                const std::vector<double> before = x.values();
                const bool lower = std::string(op) == "tril";
                run({op, "triangle", "", {{"diagonal", host::attribute(diagonal)}}}, {&x}, {in_place ? &x : &y},
                    [&](std::size_t, const At& at) {
                      const std::int64_t i = at[at.size() - 2], j = at.back();
                      return (lower ? j - i <= diagonal : j - i >= diagonal) ? before[number_of(at, dims)] : 0.0;
                    });
              }
}

TEST_P(MoveLevel, Windows) {
  for_all([](tenon_dtype dtype, Lay from, Lay to) {
    const Dims input{7, 33}, sizes{3, 20};
    Tensor x = numbered(dtype, input, from), a({TENON_I32, {}}), b({TENON_I64, {}});
    a.set(0, -5);
    b.set(0, 100);  // both outside: clamped to 0 and 13
    Tensor y({dtype, sizes}, to);
    run({"dynamic_slice", "move", GetParam(), {{"sizes", host::attribute(sizes)}}}, {&x, &a, &b}, {&y}, [&](std::size_t, const At& at) {
      return x.get(number_of({at[0], at[1] + 13}, input));
    });
    Tensor update = numbered(dtype, sizes, from, 3), out({dtype, input}, to);
    const std::vector<double> before = x.values();
    const auto updated = [&](std::size_t, const At& at) {
      const bool inside = at[0] < 3 && at[1] >= 13;
      return inside ? update.get(number_of({at[0], at[1] - 13}, sizes)) : before[number_of(at, input)];
    };
    run({"dynamic_update_slice", "move", GetParam()}, {&x, &update, &a, &b}, {&out}, updated);
    run({"dynamic_update_slice", "move", GetParam()}, {&x, &update, &a, &b}, {&x}, updated);
  });
}

TEST_P(MoveLevel, Gathers) {
  for_all([](tenon_dtype dtype, Lay from, Lay to) {
    for (const char* mode : {"error", "clamp", "fill"})
      for (tenon_dtype index_type : {TENON_I32, TENON_I64, TENON_I8})
        for (std::int64_t axis : {0, 1, 2}) {
          const std::map<std::string, tenon_attr> attributes{
              {"axis", host::attribute(axis)}, {"mode", host::attribute(mode)}, {"fill_value", host::attribute(5.0)}};
          const bool fills = std::string(mode) == "fill", safe = std::string(mode) == "error";
          const Dims dims{5, 6, 23};
          const std::int64_t size = dims[static_cast<std::size_t>(axis)];
          Tensor data = numbered(dtype, dims, from), indices({index_type, {2, 3}}, from);
          indices.fill([&](std::size_t i) { return (const double[]){1, -1, 4, safe ? 0. : 99, safe ? 1. : -70, 2}[i]; });
          // Where an index points to; -1: nowhere.
          const auto place = [&](double given) {
            const auto index = static_cast<std::int64_t>(given < 0 ? given + static_cast<double>(size) : given);
            return index >= 0 && index < size ? index : fills ? -1 : std::clamp<std::int64_t>(index, 0, size - 1);
          };
          Dims out = dims;
          out.erase(out.begin() + axis);
          out.insert(out.begin() + axis, {2, 3});
          Tensor y({dtype, out}, to);
          run({"gather", "gather", GetParam(), attributes}, {&data, &indices}, {&y}, [&](std::size_t, At at) {
            const std::int64_t index =
                place(indices.get(number_of({at[static_cast<std::size_t>(axis)], at[static_cast<std::size_t>(axis) + 1]}, {2, 3})));
            if (index < 0) return 5.0;
            at.erase(at.begin() + axis);
            at[static_cast<std::size_t>(axis)] = index;
            return data.get(number_of(at, dims));
          });
          Dims along = dims;
          along[static_cast<std::size_t>(axis)] = 3;
          Tensor each({index_type, along}, from), z({dtype, along}, to);
          each.fill([&](std::size_t i) { return safe ? static_cast<double>(i % 5) : static_cast<double>(i % 90) - 45; });
          run({"take_along_axis", "gather", GetParam(), attributes}, {&data, &each}, {&z}, [&](std::size_t, At at) {
            const std::int64_t index = place(each.get(number_of(at, along)));
            at[static_cast<std::size_t>(axis)] = index;
            return index < 0 ? 5.0 : data.get(number_of(at, dims));
          });
        }
    Tensor data = numbered(dtype, {2, 5, 6, 23}, from), indices({TENON_I32, {2, 4, 2}}, from), y({dtype, {2, 4, 23}}, to);
    indices.fill([](std::size_t i) { return static_cast<double>(i % 5) - 2; });
    run({"gather_nd",
         "gather",
         GetParam(),
         {{"batch_dims", host::attribute(std::int64_t{1})}, {"mode", host::attribute("error")}, {"fill_value", host::attribute(0.0)}}},
        {&data, &indices}, {&y}, [&](std::size_t, const At& at) {
          const auto coordinate = [&](std::int64_t c, std::int64_t size) {
            const auto index = static_cast<std::int64_t>(indices.get(number_of({at[0], at[1], c}, {2, 4, 2})));
            return index < 0 ? index + size : index;
          };
          return data.get(number_of({at[0], coordinate(0, 5), coordinate(1, 6), at[2]}, {2, 5, 6, 23}));
        });
  });
}

TEST_P(MoveLevel, LargeGathersInThreads) {
  host::machine.threads = 3;
  host::machine.l2_bytes = host::machine.l3_bytes = 1 << 10;
  Tensor data = numbered(TENON_F32, {50, 640}, Lay::Compact), indices = numbered(TENON_I64, {400}, Lay::Compact),
         y({TENON_F32, {400, 640}});
  indices.fill([](std::size_t i) { return static_cast<double>(i * 13 % 50); });
  const std::string note =
      run({"gather",
           "gather",
           GetParam(),
           {{"axis", host::attribute(std::int64_t{0})}, {"mode", host::attribute("error")}, {"fill_value", host::attribute(0.0)}}},
          {&data, &indices}, {&y},
          [&](std::size_t, const At& at) { return data.get(static_cast<std::size_t>(at[0] * 13 % 50 * 640 + at[1])); });
  EXPECT_NE(note.find("parallel"), std::string::npos) << note;
}

TEST_P(MoveLevel, EmptyAndScalar) {
  for (tenon_dtype dtype : kTypes) {
    expect_permuted(GetParam(), dtype, {3, 0, 4}, {2, 1, 0}, Lay::Compact, Lay::Compact);
    expect_permuted(GetParam(), dtype, {}, {}, Lay::Compact, Lay::Compact);
    expect_permuted(GetParam(), dtype, {1, 1, 1}, {2, 0, 1}, Lay::Strided, Lay::Strided);
  }
}

TEST_P(MoveLevel, Constants) {
  // Halfway between two numbers of each 16-bit type; the even one is meant.
  for (const auto& [dtype, value, want] : {std::tuple{TENON_F32, 0.1, static_cast<double>(0.1f)},
                                           {TENON_F16, 2049.0, 2048.0},
                                           {TENON_F16, 2051.0, 2052.0},
                                           {TENON_F16, 65520.0, HUGE_VAL},
                                           {TENON_F16, 0x1.8p-24, 0x1p-23},
                                           {TENON_BF16, 257.0, 256.0},
                                           {TENON_BF16, -259.0, -260.0},
                                           {TENON_I8, -7.0, -7.0},
                                           {TENON_UI64, 0x1p53, 0x1p53},
                                           {TENON_F64, 0.1, 0.1}}) {
    Tensor y({static_cast<tenon_dtype>(dtype), {3, 37}});
    const double expected = want;
    run({"constant_of_shape", "move", GetParam(), {{"value", host::attribute(value)}}}, {}, {&y},
        [&](std::size_t, const At&) { return expected; });
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, MoveLevel, testing::ValuesIn(kLevels), level_name);

TEST(MovePlan, DeclinesToFillSmallFloats) {
  plugin::host_table = &host::api();
  tenon_call call;
  tenon_node node{"constant_of_shape", {}, {{TENON_F8E5M2, {4}}}, {}};
  node.attributes["value"] = host::attribute(2.0);
  const tenon_kernel* kernel = tenon_operator_constant_of_shape.kernels[0];
  EXPECT_NE(kernel->supports(&call, kernel, &node), TENON_OK);
  EXPECT_EQ(call.message, "fills f8e5m2 with 0 only, not with 2");
}

}  // namespace
