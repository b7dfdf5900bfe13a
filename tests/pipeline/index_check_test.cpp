// Indices out of range: the executor names node, operand, place and value, in a reference run too; modes that give them a meaning run.
#include "tests/pipeline/support.h"

using namespace tenon_test;

namespace {

template <class T>
constexpr tenon_dtype kIndexDtype = sizeof(T) == 8 ? (std::is_signed_v<T> ? TENON_I64 : TENON_UI64) : TENON_I32;

class IndexCheck : public testing::Test {
 protected:
  // The rows of [[0, 1], [2, 3], [4, 5]] at these indices, every `stride`-th of them.
  template <class T>
  Failure take(std::vector<T> indices, const char* mode, std::uint32_t flags = 0, std::int64_t stride = 1) {
    GraphMaker graph(context.get());
    const std::int64_t count = static_cast<std::int64_t>(indices.size()) / stride;
    const tenon_value data = graph.input("table", {3, 2}), index = graph.input("ids", {count}, kIndexDtype<T>);
    graph.output("rows", graph.node("embed", "gather", {data, index}, {text_attr("mode", mode)})[0]);
    Owned<tenon_program> program = graph.compile(flags);
    std::vector<float> table{0, 1, 2, 3, 4, 5};
    out.assign(static_cast<std::size_t>(count) * 2, -1);
    const std::vector<std::int64_t> table_dims{3, 2}, index_dims{count}, out_dims{count, 2}, strides{stride};
    tenon_tensor_view inputs[] = {view_of(table, table_dims), view_of(indices, index_dims, kIndexDtype<T>)};
    inputs[1].strides = strides.data();
    const tenon_tensor_view output = view_of(out, out_dims);
    tenon_error* error = nullptr;
    const std::int32_t code = tenon_program_run(program.get(), inputs, 2, &output, 1, nullptr, &error);
    return Failure(code, error);
  }
  Owned<tenon_context> context = make_context();
  std::vector<float> out;
};

TEST_F(IndexCheck, InRangeFromBothEnds) {
  EXPECT_EQ(take<std::int64_t>({2, -3, -1, 0}, "error").code, TENON_OK);
  EXPECT_EQ(out, (std::vector<float>{4, 5, 0, 1, 4, 5, 0, 1}));
  EXPECT_EQ(take<std::int32_t>({}, "error").code, TENON_OK);
}

TEST_F(IndexCheck, OutOfRangeNamesNodeOperandPlaceAndValue) {
  for (const std::uint32_t flags : {std::uint32_t{0}, std::uint32_t{TENON_PROGRAM_REFERENCE}}) {
    const Failure above = take<std::int64_t>({0, 3, 1}, "error", flags);
    EXPECT_EQ(above.code, TENON_OUT_OF_RANGE);
    EXPECT_EQ(above.message, "[gather] indices[1] is 3, out of range for axis 0 of data, which has size 3");
    EXPECT_EQ(above.node, "embed");
    EXPECT_EQ(above.operand, "indices");
    EXPECT_EQ(above.advice, "use a value from -3 to 2");
    EXPECT_EQ(take<std::int32_t>({0, 1, -4}, "error", flags).message,
              "[gather] indices[2] is -4, out of range for axis 0 of data, which has size 3");
  }
  EXPECT_EQ(take<std::uint64_t>({18446744073709551615u}, "error").message,
            "[gather] indices[0] is 18446744073709551615, out of range for axis 0 of data, which has size 3");
  EXPECT_EQ(take<std::int64_t>({INT64_MIN}, "error").code, TENON_OUT_OF_RANGE);
}

TEST_F(IndexCheck, ReadsStridedIndices) {
  EXPECT_EQ(take<std::int64_t>({2, 99, 0, 99}, "error", 0, 2).code, TENON_OK);
  EXPECT_EQ(out, (std::vector<float>{4, 5, 0, 1}));
  EXPECT_EQ(take<std::int64_t>({2, 0, 99, 0}, "error", 0, 2).message,
            "[gather] indices[1] is 99, out of range for axis 0 of data, which has size 3");
}

TEST_F(IndexCheck, OtherModesRun) {
  EXPECT_EQ(take<std::int64_t>({3, -4}, "clamp").code, TENON_OK);
  EXPECT_EQ(out, (std::vector<float>{4, 5, 0, 1}));
  EXPECT_EQ(take<std::int64_t>({3, 1}, "fill").code, TENON_OK);
  EXPECT_EQ(out, (std::vector<float>{0, 0, 2, 3}));
}

// Coordinates have a size each, and the indices are computed: they live in the workspace, where nothing may overwrite them before the
// check.
TEST_F(IndexCheck, CoordinatesThatTheProgramComputes) {
  GraphMaker graph(context.get());
  const tenon_value data = graph.input("data", {3, 5}), index = graph.input("index", {2, 2}, TENON_I64);
  const tenon_value twice = graph.node("swap", "transpose", {index})[0];
  graph.output("y", graph.node("pick", "gather_nd", {data, twice})[0]);
  Owned<tenon_program> program = graph.compile();
  std::vector<float> values(15), out_values(2);
  for (std::size_t i = 0; i < 15; ++i) values[i] = static_cast<float>(i);
  const std::vector<std::int64_t> data_dims{3, 5}, index_dims{2, 2}, out_dims{2};
  const auto run = [&](std::vector<std::int64_t> indices) {
    const tenon_tensor_view inputs[] = {view_of(values, data_dims), view_of(indices, index_dims, TENON_I64)};
    const tenon_tensor_view output = view_of(out_values, out_dims);
    tenon_error* error = nullptr;
    const std::int32_t code = tenon_program_run(program.get(), inputs, 2, &output, 1, nullptr, &error);
    return Failure(code, error);
  };
  EXPECT_EQ(run({2, 0, 4, -5}).code, TENON_OK);  // [2, 4] and [0, -5]
  EXPECT_EQ(out_values, (std::vector<float>{14, 0}));
  const Failure second = run({2, 0, 4, 5});
  EXPECT_EQ(second.message, "[gather_nd] indices[1,1] is 5, out of range for axis 1 of data, which has size 5");
  EXPECT_EQ(second.node, "pick");
  EXPECT_EQ(run({3, 0, 4, 4}).message, "[gather_nd] indices[0,0] is 3, out of range for axis 0 of data, which has size 3");
  EXPECT_EQ(run({2, 0, 4, -5}).code, TENON_OK);  // a failed run leaves nothing behind
}

}  // namespace
