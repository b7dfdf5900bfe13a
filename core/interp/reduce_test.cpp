// reduce, reduce_window and sort.
#include "core/interp/test_support.h"

namespace tenon::interp::test {
namespace {

Tensor reduce(OpCode reducer, Tensor input, double init, std::vector<std::int64_t> dimensions, Dims result) {
  Program program;
  const DType dtype = input.type().dtype;
  const ValueId x = program.input(input.type()), z = program.input({dtype, {}});
  const ValueId y = program.op(OpCode::Reduce, {x, z}, {dtype, std::move(result)}, {{"dimensions", ints(std::move(dimensions))}}, [&] {
    std::vector<stablehlo::Region> r;
    r.push_back(program.reducer(reducer, dtype));
    return r;
  }());
  Tensor start = tensor(dtype, {}, {init});
  return std::move(program.run({y}, list(std::move(input), std::move(start)))[0]);
}

std::vector<stablehlo::Region> one(stablehlo::Region region) {
  std::vector<stablehlo::Region> result;
  result.push_back(std::move(region));
  return result;
}

TEST(Reduce, SumsOverAnyDimensions) {
  const auto x = [] { return tensor(DType::F32, {2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}); };
  expect_values(reduce(OpCode::Add, x(), 0, {2}, {2, 3}), {3, 7, 11, 15, 19, 23});
  expect_values(reduce(OpCode::Add, x(), 0, {0}, {3, 2}), {8, 10, 12, 14, 16, 18});
  expect_values(reduce(OpCode::Add, x(), 0, {1}, {2, 2}), {9, 12, 27, 30});
  expect_values(reduce(OpCode::Add, x(), 0, {0, 2}, {3}), {18, 26, 34});
  expect_values(reduce(OpCode::Add, x(), 0, {0, 1, 2}, {}), {78});
  expect_values(reduce(OpCode::Add, x(), 100, {0, 1, 2}, {}), {178});
  expect_values(reduce(OpCode::Add, tensor(DType::I32, {2}, {3, 4}), 0, {}, {2}), {3, 4});
}

TEST(Reduce, AccumulatesInTheElementTypeButF32InF64) {
  EXPECT_EQ(reduce(OpCode::Add, filled(DType::BF16, {512}, 1), 0, {0}, {}).f64(0), 256);
  EXPECT_EQ(reduce(OpCode::Add, filled(DType::F16, {4096}, 1), 0, {0}, {}).f64(0), 2048);
  EXPECT_EQ(reduce(OpCode::Add, filled(DType::F32, {512}, 1), 0, {0}, {}).f64(0), 512);
  // f32: in f64 and rounded once, whichever dimensions are reduced and however the result lies. 2^24 + 1 + 1 in float stays at 2^24.
  std::vector<double> x{16777216, 1, 1};
  for (int i = 3; i < 210; ++i) x.push_back(1.0f / static_cast<float>(i + 1));
  const Tensor all = reduce(OpCode::Add, tensor(DType::F32, {7, 30}, x), 0.5, {0, 1}, {});
  double sum = 0.5;
  for (const double v : x) sum += v;
  EXPECT_EQ(all.f64(0), static_cast<double>(static_cast<float>(sum)));
  const Tensor columns = reduce(OpCode::Add, tensor(DType::F32, {7, 30}, x), 0, {0}, {30});
  for (std::size_t j = 0; j < 30; ++j) {
    double column = 0;
    for (std::size_t i = 0; i < 7; ++i) column += x[i * 30 + j];
    EXPECT_EQ(columns.f64(static_cast<std::int64_t>(j)), static_cast<double>(static_cast<float>(column)));
  }
}

TEST(Reduce, OverNothingIsTheInitValue) {
  expect_values(reduce(OpCode::Add, tensor(DType::F32, {2, 0}, {}), 0, {1}, {2}), {0, 0});
  expect_values(reduce(OpCode::Maximum, tensor(DType::F32, {0}, {}), -kInf, {0}, {}), {-kInf});
  expect_values(reduce(OpCode::Add, tensor(DType::F32, {0, 3}, {}), 0, {1}, {0}), {});
}

TEST(Reduce, MaximumLetsNaNThroughAndOrdersZeros) {
  expect_values(reduce(OpCode::Maximum, tensor(DType::BF16, {2, 3}, {1, kNaN, 2, -5, -3, -4}), -kInf, {1}, {2}), {kNaN, -3});
  expect_values(reduce(OpCode::Minimum, tensor(DType::F16, {3}, {1, kNaN, 2}), kInf, {0}, {}), {kNaN});
  expect_values(reduce(OpCode::Maximum, tensor(DType::F32, {2}, {-0.0, 0.0}), -kInf, {0}, {}), {0.0});
  expect_values(reduce(OpCode::Minimum, tensor(DType::F32, {2}, {0.0, -0.0}), kInf, {0}, {}), {-0.0});
}

TEST(Reduce, IntegersAndBools) {
  expect_values(reduce(OpCode::Multiply, tensor(DType::I8, {3}, {7, 7, 7}), 1, {0}, {}), {87});  // 343 - 256
  expect_values(reduce(OpCode::Or, tensor(DType::I1, {2, 2}, {0, 0, 0, 1}), 0, {1}, {2}), {0, 1});
  expect_values(reduce(OpCode::Add, tensor(DType::I1, {2}, {1, 1}), 0, {0}, {}), {1});
  expect_values(reduce(OpCode::And, tensor(DType::UI8, {2}, {0xF0, 0x3C}), 0xFF, {0}, {}), {0x30});
  expect_values(reduce(OpCode::Xor, tensor(DType::I32, {3}, {1, 2, 4}), 0, {0}, {}), {7});
  expect_values(reduce(OpCode::Minimum, tensor(DType::UI8, {2}, {200, 100}), 255, {0}, {}), {100});
}

// argmax as JAX writes it: (value, index) pairs; NaN wins, ties take the smaller index.
TEST(Reduce, TwoOperandsWithARegion) {
  Program program;
  const TensorType f32{DType::F32, {}}, i32{DType::I32, {}}, i1{DType::I1, {}};
  const ValueId x = program.input({DType::F32, {3, 4}}), i = program.input({DType::I32, {3, 4}});
  const ValueId zx = program.input(f32), zi = program.input(i32);
  const auto compare = [&](const char* direction, const char* type, ValueId a, ValueId b) {
    return program.op(OpCode::Compare, {a, b}, i1, {{"compare_type", text(type)}, {"comparison_direction", text(direction)}});
  };
  stablehlo::Region body = program.region({f32, i32, f32, i32}, [&](const std::vector<ValueId>& a) {
    const ValueId left_wins = program.op(OpCode::Or, {compare("GT", "FLOAT", a[0], a[2]), compare("NE", "FLOAT", a[0], a[0])}, i1);
    const ValueId tie = program.op(OpCode::And, {compare("EQ", "FLOAT", a[0], a[2]), compare("LT", "SIGNED", a[1], a[3])}, i1);
    const ValueId index_wins = program.op(OpCode::Or, {left_wins, tie}, i1);
    return std::vector{program.op(OpCode::Select, {left_wins, a[0], a[2]}, f32), program.op(OpCode::Select, {index_wins, a[1], a[3]}, i32)};
  });
  const std::vector<ValueId> r = program.ops(OpCode::Reduce, {x, i, zx, zi}, {{DType::F32, {3}}, {DType::I32, {3}}},
                                             {{"dimensions", ints({1})}}, one(std::move(body)));
  const std::vector<Tensor> results = program.run(r, list(tensor(DType::F32, {3, 4}, {1, 5, 5, 2, -1, kNaN, 3, kNaN, -9, -8, -7, -6}),
                                                          tensor(DType::I32, {3, 4}, {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}),
                                                          tensor(f32.dtype, {}, {-kInf}), tensor(i32.dtype, {}, {0})));
  expect_values(results[0], {5, kNaN, -6});
  expect_values(results[1], {1, 1, 3});
}

TEST(Reduce, ARegionMayUseOuterValuesConstantsAndOneArgument) {
  Program program;
  const TensorType f32{DType::F32, {}};
  const ValueId x = program.input({DType::F32, {4}}), z = program.input(f32), scale = program.input(f32);
  stablehlo::Region body = program.region({f32, f32}, [&](const std::vector<ValueId>& a) {  // 2 * acc + scale * x
    const ValueId two = program.constant(tensor(DType::F32, {}, {2}));
    return std::vector{
        program.op(OpCode::Add, {program.op(OpCode::Multiply, {two, a[0]}, f32), program.op(OpCode::Multiply, {scale, a[1]}, f32)}, f32)};
  });
  const ValueId y = program.op(OpCode::Reduce, {x, z}, f32, {{"dimensions", ints({0})}}, one(std::move(body)));
  const auto inputs = [] { return list(tensor(DType::F32, {4}, {1, 2, 3, 4}), tensor(DType::F32, {}, {1}), tensor(DType::F32, {}, {10})); };
  expect_values(program.run({y}, inputs())[0], {16 + 80 + 80 + 60 + 40});

  Program last;  // returns its second argument: the last element
  const ValueId u = last.input({DType::I16, {2, 2}}), v = last.input({DType::I16, {}});
  stablehlo::Region second =
      last.region({{DType::I16, {}}, {DType::I16, {}}}, [](const std::vector<ValueId>& a) { return std::vector{a[1]}; });
  const ValueId w = last.op(OpCode::Reduce, {u, v}, {DType::I16, {2}}, {{"dimensions", ints({0})}}, one(std::move(second)));
  expect_values(last.run({w}, list(tensor(DType::I16, {2, 2}, {1, 2, 3, 4}), tensor(DType::I16, {}, {0})))[0], {3, 4});
}

TEST(Reduce, ARegionThatIsNotElementwiseIsInterpreted) {
  Program program;
  const TensorType f32{DType::F32, {}}, i1{DType::I1, {}};
  const ValueId x = program.input({DType::F32, {5}}), z = program.input(f32);
  stablehlo::Region body = program.region({f32, f32}, [&](const std::vector<ValueId>& a) {  // acc < x ? x : acc, as an if
    const ValueId less =
        program.op(OpCode::Compare, {a[0], a[1]}, i1, {{"compare_type", text("FLOAT")}, {"comparison_direction", text("LT")}});
    std::vector<stablehlo::Region> branches;
    branches.push_back(program.region({}, [&](const std::vector<ValueId>&) { return std::vector{a[1]}; }));
    branches.push_back(program.region({}, [&](const std::vector<ValueId>&) { return std::vector{a[0]}; }));
    return std::vector{program.op(OpCode::If, {less}, f32, {}, std::move(branches))};
  });
  const ValueId y = program.op(OpCode::Reduce, {x, z}, f32, {{"dimensions", ints({0})}}, one(std::move(body)));
  expect_values(program.run({y}, list(tensor(DType::F32, {5}, {1, 7, 3, -2, 6}), tensor(DType::F32, {}, {-kInf})))[0], {7});
}

Tensor reduce_window(OpCode reducer, Tensor input, double init, Dims result, std::vector<std::int64_t> size,
                     std::vector<std::int64_t> strides, std::vector<std::int64_t> base, std::vector<std::int64_t> dilation,
                     std::vector<std::int64_t> padding) {
  Program program;
  const DType dtype = input.type().dtype;
  const ValueId x = program.input(input.type()), z = program.input({dtype, {}});
  const ValueId y = program.op(OpCode::ReduceWindow, {x, z}, {dtype, std::move(result)},
                               {{"base_dilations", ints(std::move(base))},
                                {"padding", ints(std::move(padding))},
                                {"window_dilations", ints(std::move(dilation))},
                                {"window_dimensions", ints(std::move(size))},
                                {"window_strides", ints(std::move(strides))}},
                               one(program.reducer(reducer, dtype)));
  Tensor start = tensor(dtype, {}, {init});
  return std::move(program.run({y}, list(std::move(input), std::move(start)))[0]);
}

TEST(ReduceWindow, CumulativeSumAndPooling) {
  const auto x = [] { return tensor(DType::F32, {2, 3}, {1, 2, 3, 4, 5, 6}); };
  expect_values(reduce_window(OpCode::Add, x(), 0, {2, 3}, {1, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 0, 2, 0}), {1, 3, 6, 4, 9, 15});
  expect_values(reduce_window(OpCode::Maximum, tensor(DType::I32, {4, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}), -100,
                              {2, 2}, {2, 2}, {2, 2}, {1, 1}, {1, 1}, {0, 0, 0, 0}),
                {6, 8, 14, 16});
}

TEST(ReduceWindow, DilationsAndPaddingHoldTheInitValue) {
  // Windows of elements 0 and 2 apart.
  expect_values(reduce_window(OpCode::Add, tensor(DType::I32, {5}, {1, 2, 3, 4, 5}), 0, {3}, {2}, {1}, {1}, {2}, {0, 0}), {4, 6, 8});
  // Base dilation: 1 . 2 . 3, windows of two.
  expect_values(reduce_window(OpCode::Add, tensor(DType::I32, {3}, {1, 2, 3}), 0, {4}, {2}, {1}, {2}, {1}, {0, 0}), {1, 2, 2, 3});
  // Negative padding cuts elements off.
  expect_values(reduce_window(OpCode::Add, tensor(DType::I32, {4}, {1, 2, 3, 4}), 0, {2}, {2}, {1}, {1}, {1}, {-1, 0}), {5, 7});
  // A window that sees only padding.
  expect_values(reduce_window(OpCode::Maximum, tensor(DType::F32, {1}, {3}), -kInf, {3}, {1}, {1}, {1}, {1}, {1, 1}), {-kInf, 3, -kInf});
}

TEST(ReduceWindow, ManyOperandsAndAnyRegion) {
  Program program;
  const TensorType f32{DType::F32, {}}, i32{DType::I32, {}};
  const ValueId x = program.input({DType::F32, {4}}), i = program.input({DType::I32, {4}}), zx = program.input(f32),
                zi = program.input(i32);
  stablehlo::Region body = program.region({f32, i32, f32, i32}, [&](const std::vector<ValueId>& a) {
    return std::vector{program.op(OpCode::Maximum, {a[0], a[2]}, f32), program.op(OpCode::Add, {a[1], a[3]}, i32)};
  });
  const std::vector<ValueId> r = program.ops(OpCode::ReduceWindow, {x, i, zx, zi}, {{DType::F32, {3}}, {DType::I32, {3}}},
                                             {{"base_dilations", ints({1})},
                                              {"padding", ints({1, 0})},
                                              {"window_dilations", ints({1})},
                                              {"window_dimensions", ints({3})},
                                              {"window_strides", ints({1})}},
                                             one(std::move(body)));
  const std::vector<Tensor> results = program.run(r, list(tensor(DType::F32, {4}, {1, 4, 2, 3}), tensor(DType::I32, {4}, {1, 2, 3, 4}),
                                                          tensor(DType::F32, {}, {-kInf}), tensor(DType::I32, {}, {0})));
  expect_values(results[0], {4, 4, 4});
  expect_values(results[1], {3, 6, 9});
}

// Sorts keys of one dtype, and their positions along with them.
std::vector<Tensor> sort(Tensor keys, std::int64_t dimension, const char* direction, const char* compare_type) {
  Program program;
  const TensorType type = keys.type(), key{type.dtype, {}}, i32{DType::I32, {}};
  const TensorType position{DType::I32, type.dims};
  std::vector<double> count;
  for (std::int64_t i = 0; i < type.elements(); ++i) count.push_back(static_cast<double>(i));
  const ValueId x = program.input(type), p = program.input(position);
  stablehlo::Region body = program.region({key, key, i32, i32}, [&](const std::vector<ValueId>& a) {
    return std::vector{program.op(OpCode::Compare, {a[0], a[1]}, {DType::I1, {}},
                                  {{"compare_type", text(compare_type)}, {"comparison_direction", text(direction)}})};
  });
  const std::vector<ValueId> r =
      program.ops(OpCode::Sort, {x, p}, {type, position}, {{"dimension", integer(dimension)}, {"is_stable", true}}, one(std::move(body)));
  return program.run(r, list(std::move(keys), tensor(DType::I32, type.dims, count)));
}

TEST(Sort, IsStableAlongAnyDimension) {
  std::vector<Tensor> r = sort(tensor(DType::F32, {7}, {3, 1, 2, 3, 1, -0.0, 0.0}), 0, "LT", "FLOAT");
  expect_values(r[0], {-0.0, 0.0, 1, 1, 2, 3, 3});
  expect_values(r[1], {5, 6, 1, 4, 2, 0, 3});
  r = sort(tensor(DType::I8, {3, 2}, {1, 6, 3, 5, 2, 4}), 0, "GT", "SIGNED");
  expect_values(r[0], {3, 6, 2, 5, 1, 4});
  expect_values(r[1], {2, 1, 4, 3, 0, 5});
  r = sort(tensor(DType::UI8, {2, 3}, {200, 0, 100, 3, 2, 1}), 1, "LT", "UNSIGNED");
  expect_values(r[0], {0, 100, 200, 1, 2, 3});
  r = sort(tensor(DType::F32, {1}, {5}), 0, "LT", "FLOAT");
  expect_values(r[0], {5});
  r = sort(tensor(DType::F32, {2, 0}, {}), 1, "LT", "FLOAT");
  expect_values(r[0], {});
}

TEST(Sort, SurvivesAComparatorThatNaNMakesInconsistent) {
  const std::vector<Tensor> total = sort(tensor(DType::F32, {5}, {kNaN, 2, -kInf, kInf, 1}), 0, "LT", "TOTALORDER");
  expect_values(total[0], {-kInf, 1, 2, kInf, kNaN});
  std::vector<double> x;
  for (int i = 0; i < 101; ++i) x.push_back(i % 3 == 0 ? kNaN : static_cast<double>((i * 37) % 101));
  const std::vector<Tensor> r = sort(tensor(DType::F32, {101}, x), 0, "LT", "FLOAT");
  std::vector<double> positions = values(r[1]);  // whatever the order, a permutation
  std::sort(positions.begin(), positions.end());
  for (int i = 0; i < 101; ++i) EXPECT_EQ(positions[static_cast<std::size_t>(i)], i);
}

}  // namespace
}  // namespace tenon::interp::test
