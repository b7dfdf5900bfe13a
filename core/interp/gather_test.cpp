// gather and scatter.
#include "core/interp/test_support.h"

namespace tenon::interp::test {
namespace {

Dict gather_numbers(std::vector<std::int64_t> offset, std::vector<std::int64_t> collapsed, std::vector<std::int64_t> map,
                    std::int64_t vector_dim, std::vector<std::int64_t> sizes, std::vector<std::int64_t> batching = {},
                    std::vector<std::int64_t> indices_batching = {}) {
  return {{"collapsed_slice_dims", ints(std::move(collapsed))},
          {"index_vector_dim", integer(vector_dim)},
          {"indices_are_sorted", false},
          {"offset_dims", ints(std::move(offset))},
          {"operand_batching_dims", ints(std::move(batching))},
          {"slice_sizes", ints(std::move(sizes))},
          {"start_index_map", ints(std::move(map))},
          {"start_indices_batching_dims", ints(std::move(indices_batching))}};
}

Tensor table() { return tensor(DType::F32, {3, 2}, {0, 1, 10, 11, 20, 21}); }

TEST(Gather, EmbeddingLookupClampsItsIndices) {
  expect_values(run_one(OpCode::Gather, list(table(), tensor(DType::I32, {2, 2}, {2, 0, -5, 9})), {DType::F32, {2, 2, 2}},
                        gather_numbers({2}, {0}, {0}, 2, {1, 2})),
                {20, 21, 0, 1, 0, 1, 20, 21});
  expect_values(run_one(OpCode::Gather, list(table(), integers(DType::UI64, {1}, {-1})), {DType::F32, {1, 2}},
                        gather_numbers({1}, {0}, {0}, 1, {1, 2})),
                {20, 21});  // 2^64 - 1 is large
  expect_values(
      run_one(OpCode::Gather, list(table(), tensor(DType::I64, {0}, {})), {DType::F32, {0, 2}}, gather_numbers({1}, {0}, {0}, 1, {1, 2})),
      {});
}

TEST(Gather, WindowsOfAnIndexVector) {
  // Windows of 2 x 2 at (row, column), the index vector in dimension 0 of the indices.
  const Tensor got = run_one(
      OpCode::Gather, list(tensor(DType::I32, {3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}), tensor(DType::I32, {2, 2}, {0, 7, 1, 7})),
      {DType::I32, {2, 2, 2}}, gather_numbers({0, 1}, {}, {0, 1}, 0, {2, 2}));
  // Index vectors (0, 1) and (7, 7) -> (1, 2). result[i, j, b] = window b at (i, j).
  expect_values(got, {1, 6, 2, 7, 5, 10, 6, 11});
  // start_index_map in the other order.
  expect_values(
      run_one(OpCode::Gather, list(tensor(DType::I32, {3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}), tensor(DType::I32, {2}, {3, 1})),
              {DType::I32, {}}, gather_numbers({}, {0, 1}, {1, 0}, 0, {1, 1})),
      {7});
}

TEST(Gather, BatchingDimensionsPair) {
  // For each batch b: operand[b, index[b, k]].
  expect_values(
      run_one(OpCode::Gather, list(tensor(DType::I32, {2, 3}, {0, 1, 2, 10, 11, 12}), tensor(DType::I32, {2, 2, 1}, {2, 0, 1, 7})),
              {DType::I32, {2, 2}}, gather_numbers({}, {1}, {1}, 2, {1, 1}, {0}, {0})),
      {2, 0, 11, 12});
}

struct ScatterNumbers {
  std::vector<std::int64_t> window, inserted, to_operand;
  std::int64_t vector_dim;
  std::vector<std::int64_t> batching = {}, indices_batching = {};
};

Dict attributes(ScatterNumbers n) {
  return {{"index_vector_dim", integer(n.vector_dim)},
          {"indices_are_sorted", false},
          {"input_batching_dims", ints(n.batching)},
          {"inserted_window_dims", ints(n.inserted)},
          {"scatter_dims_to_operand_dims", ints(n.to_operand)},
          {"scatter_indices_batching_dims", ints(n.indices_batching)},
          {"unique_indices", false},
          {"update_window_dims", ints(n.window)}};
}

// reducer: Add and so on; Return: the update replaces the value.
Tensor scatter(OpCode reducer, Tensor input, Tensor indices, Tensor updates, ScatterNumbers numbers) {
  Program program;
  const DType dtype = input.type().dtype;
  const ValueId x = program.input(input.type()), i = program.input(indices.type()), u = program.input(updates.type());
  std::vector<stablehlo::Region> regions;
  if (reducer == OpCode::Return)
    regions.push_back(program.region({{dtype, {}}, {dtype, {}}}, [](const std::vector<ValueId>& a) { return std::vector{a[1]}; }));
  else
    regions.push_back(program.reducer(reducer, dtype));
  const ValueId y = program.op(OpCode::Scatter, {x, i, u}, input.type(), attributes(std::move(numbers)), std::move(regions));
  return std::move(program.run({y}, list(std::move(input), std::move(indices), std::move(updates)))[0]);
}

TEST(Scatter, AddsAndReplacesRows) {
  const auto x = [] { return tensor(DType::F32, {3, 2}, {0, 0, 10, 10, 20, 20}); };
  expect_values(scatter(OpCode::Add, x(), tensor(DType::I32, {2, 1}, {2, 0}), tensor(DType::F32, {2, 2}, {1, 2, 3, 4}), {{1}, {0}, {0}, 1}),
                {3, 4, 10, 10, 21, 22});
  expect_values(scatter(OpCode::Return, x(), tensor(DType::I32, {1, 1}, {1}), tensor(DType::F32, {1, 2}, {-1, kNaN}), {{1}, {0}, {0}, 1}),
                {0, 0, -1, kNaN, 20, 20});
  // Equal indices add up, in order.
  expect_values(
      scatter(OpCode::Add, x(), tensor(DType::I32, {3, 1}, {1, 1, 1}), tensor(DType::F32, {3, 2}, {1, 1, 1, 1, 1, 1}), {{1}, {0}, {0}, 1}),
      {0, 0, 13, 13, 20, 20});
}

TEST(Scatter, SkipsWhatLiesOutside) {
  const auto x = [] { return tensor(DType::I32, {4}, {0, 0, 0, 0}); };
  constexpr double kFar = 9e18;
  expect_values(
      scatter(OpCode::Add, x(), tensor(DType::I64, {4, 1}, {-1, 4, kFar, 2}), tensor(DType::I32, {4}, {1, 2, 3, 4}), {{}, {0}, {0}, 1}),
      {0, 0, 4, 0});
  // A window that reaches over the edge: what lies inside is written.
  expect_values(scatter(OpCode::Add, x(), tensor(DType::I32, {2, 1}, {3, -1}), tensor(DType::I32, {2, 2}, {1, 2, 3, 4}), {{1}, {}, {0}, 1}),
                {4, 0, 0, 1});
}

TEST(Scatter, BatchingAndWindowDimensionsAnywhere) {
  // For each batch b: x[b, i[b]] = u[b].
  expect_values(scatter(OpCode::Return, tensor(DType::I8, {2, 3}, {0, 0, 0, 0, 0, 0}), tensor(DType::I32, {2, 1}, {2, 0}),
                        tensor(DType::I8, {2}, {5, 6}), {{}, {1}, {1}, 1, {0}, {0}}),
                {0, 0, 5, 6, 0, 0});
  // The window dimension of the updates comes first: updates[w, k] goes to x[i[k], w].
  expect_values(scatter(OpCode::Return, tensor(DType::I8, {3, 2}, {0, 0, 0, 0, 0, 0}), tensor(DType::I32, {2, 1}, {2, 1}),
                        tensor(DType::I8, {2, 2}, {1, 2, 3, 4}), {{0}, {0}, {0}, 1}),
                {0, 0, 2, 4, 1, 3});
  expect_values(
      scatter(OpCode::Add, tensor(DType::F16, {2}, {1, 2}), tensor(DType::I32, {0, 1}, {}), tensor(DType::F16, {0}, {}), {{}, {0}, {0}, 1}),
      {1, 2});
}

}  // namespace
}  // namespace tenon::interp::test
