// Control flow, calls, composites, whole functions, and what cannot run.
#include "core/interp/test_support.h"

namespace tenon::interp::test {
namespace {

const TensorType kI32{DType::I32, {}}, kF32{DType::F32, {}}, kI1{DType::I1, {}};

Dict compare_less() { return {{"compare_type", text("SIGNED")}, {"comparison_direction", text("LT")}}; }

template <class... Regions>
std::vector<stablehlo::Region> regions(Regions... each) {
  std::vector<stablehlo::Region> result;
  (result.push_back(std::move(each)), ...);
  return result;
}

TEST(While, CountsAndSwapsItsState) {
  Program program;
  const TensorType pair{DType::F32, {2}};
  const ValueId n = program.input(kI32), a = program.input(pair), b = program.input(pair), step = program.input(kI32);
  const std::vector<TensorType> state = {kI32, pair, pair};
  stablehlo::Region condition = program.region(state, [&](const std::vector<ValueId>& s) {
    return std::vector{program.op(OpCode::Compare, {s[0], program.constant(tensor(DType::I32, {}, {5}))}, kI1, compare_less())};
  });
  // (i, a, b) -> (i + step, b, a + b): both new values read the old ones.
  stablehlo::Region body = program.region(state, [&](const std::vector<ValueId>& s) {
    return std::vector{program.op(OpCode::Add, {s[0], step}, kI32), s[2], program.op(OpCode::Add, {s[1], s[2]}, pair)};
  });
  const std::vector<ValueId> r = program.ops(OpCode::While, {n, a, b}, state, {}, regions(std::move(condition), std::move(body)));
  const auto inputs = [](double start) {
    return list(tensor(DType::I32, {}, {start}), tensor(DType::F32, {2}, {0, 1}), tensor(DType::F32, {2}, {1, 2}),
                tensor(DType::I32, {}, {1}));
  };
  std::vector<Tensor> results = program.run(r, inputs(0));
  expect_values(results[0], {5});
  expect_values(results[1], {5, 13});  // Fibonacci from (0, 1) and from (1, 2)
  expect_values(results[2], {8, 21});
  results = program.run(r, inputs(9));  // the condition is false at once
  expect_values(results[0], {9});
  expect_values(results[1], {0, 1});
}

TEST(If, TakesOneBranch) {
  for (const double which : {1.0, 0.0}) {
    Program program;
    const ValueId p = program.input(kI1), x = program.input({DType::F32, {2}});
    stablehlo::Region yes = program.region({}, [&](const std::vector<ValueId>&) {
      return std::vector{program.op(OpCode::Negate, {x}, {DType::F32, {2}})};
    });
    stablehlo::Region no = program.region({}, [&](const std::vector<ValueId>&) { return std::vector{x}; });
    const ValueId y = program.op(OpCode::If, {p}, {DType::F32, {2}}, {}, regions(std::move(yes), std::move(no)));
    const std::vector<Tensor> results = program.run({y}, list(tensor(DType::I1, {}, {which}), tensor(DType::F32, {2}, {1, -2})));
    if (which != 0)
      expect_values(results[0], {-1, 2});
    else
      expect_values(results[0], {1, -2});
  }
}

TEST(Case, AnIndexOutsideTakesTheLastBranch) {
  for (const auto& [index, expected] :
       {std::pair(0.0, 10.0), std::pair(1.0, 11.0), std::pair(2.0, 12.0), std::pair(3.0, 12.0), std::pair(-1.0, 12.0)}) {
    Program program;
    const ValueId i = program.input(kI32);
    const auto branch = [&](double value) {
      return program.region(
          {}, [&, value](const std::vector<ValueId>&) { return std::vector{program.constant(tensor(DType::F32, {}, {value}))}; });
    };
    const ValueId y = program.op(OpCode::Case, {i}, kF32, {}, regions(branch(10), branch(11), branch(12)));
    expect_values(program.run({y}, list(tensor(DType::I32, {}, {index})))[0], {expected});
  }
}

TEST(Call, RunsTheCallee) {
  Program program;
  const TensorType pair{DType::F32, {2}};
  program.function("swap", {pair, pair}, [](const std::vector<ValueId>& a) { return std::vector{a[1], a[0]}; });
  const ValueId x = program.input(pair), y = program.input(pair);
  const std::vector<ValueId> r = program.ops(OpCode::Call, {x, y}, {pair, pair}, {{"callee", symbol("swap")}});
  const std::vector<Tensor> results = program.run(r, list(tensor(DType::F32, {2}, {1, 2}), tensor(DType::F32, {2}, {3, 4})));
  expect_values(results[0], {3, 4});
  expect_values(results[1], {1, 2});
}

TEST(Composite, RunsItsDecomposition) {
  Program program;
  const TensorType type{DType::F32, {3}};
  program.function("twice.impl", {type}, [&](const std::vector<ValueId>& a) {
    return std::vector{program.op(OpCode::Add, {a[0], a[0]}, type)};
  });
  const ValueId x = program.input(type);
  const ValueId y = program.op(OpCode::Composite, {x}, type,
                               {{"composite_attributes", DictAttr{}},
                                {"decomposition", symbol("twice.impl")},
                                {"name", text("test.twice")},
                                {"version", IntAttr{0, DType::I32}}});
  expect_values(program.run({y}, list(tensor(DType::F32, {3}, {1, 2, kNaN})))[0], {2, 4, kNaN});
}

// softmax(x + mask) in plain operations: a row masked by -inf everywhere is NaN, with a finite mask it is uniform.
TEST(Run, MaskedSoftmax) {
  Program program;
  const TensorType rows{DType::F32, {3, 4}}, column{DType::F32, {3}};
  const ValueId x = program.input(rows), mask = program.input(rows), low = program.input(kF32), zero = program.input(kF32);
  const ValueId masked = program.op(OpCode::Add, {x, mask}, rows);
  const Dict last = {{"dimensions", ints({1})}}, rows_of = {{"broadcast_dimensions", ints({0})}};
  const ValueId top = program.op(OpCode::Reduce, {masked, low}, column, last, regions(program.reducer(OpCode::Maximum, DType::F32)));
  const ValueId moved = program.op(OpCode::Subtract, {masked, program.op(OpCode::BroadcastInDim, {top}, rows, rows_of)}, rows);
  const ValueId e = program.op(OpCode::Exponential, {moved}, rows);
  const ValueId sum = program.op(OpCode::Reduce, {e, zero}, column, last, regions(program.reducer(OpCode::Add, DType::F32)));
  const ValueId y = program.op(OpCode::Divide, {e, program.op(OpCode::BroadcastInDim, {sum}, rows, rows_of)}, rows);
  constexpr double kLow = -3.4028234663852886e38;
  const std::vector<Tensor> results =
      program.run({y}, list(tensor(DType::F32, {3, 4}, {0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0}),
                            tensor(DType::F32, {3, 4}, {-kInf, -kInf, -kInf, -kInf, kLow, kLow, kLow, kLow, 0, -kInf, 0, -kInf}),
                            tensor(DType::F32, {}, {-kInf}), tensor(DType::F32, {}, {0})));
  expect_values(results[0], {kNaN, kNaN, kNaN, kNaN, 0.25, 0.25, 0.25, 0.25, 0.5, 0, 0.5, 0});
}

TEST(Run, ReturnsArgumentsAndOneValueTwice) {
  Program program;
  const ValueId x = program.input({DType::I8, {2}});
  const ValueId y = program.op(OpCode::Negate, {x}, {DType::I8, {2}});
  const std::vector<Tensor> results = program.run({y, x, y}, list(tensor(DType::I8, {2}, {1, -2})));
  expect_values(results[0], {-1, 2});
  expect_values(results[1], {1, -2});
  expect_values(results[2], {-1, 2});
}

TEST(Run, RefusesWrongInputsAndUnknownFunctions) {
  Program program;
  const ValueId x = program.input({DType::F32, {2}});
  const ValueId y = program.op(OpCode::Negate, {x}, {DType::F32, {2}});
  const auto message = [&](const std::vector<Tensor>& inputs) {
    const Result<std::vector<Tensor>> got = program.try_run({y}, inputs);
    return got.ok() ? "" : got.error().message;
  };
  EXPECT_EQ(message({}), "@main takes 1 inputs, got 0");
  EXPECT_EQ(message(list(tensor(DType::F32, {3}, {1, 2, 3}))), "input 0 of @main must be f32[2], got f32[3]");
  EXPECT_EQ(message(list(tensor(DType::BF16, {2}, {1, 2}))), "input 0 of @main must be f32[2], got bf16[2]");
  EXPECT_EQ(message(list(tensor(DType::F32, {2}, {1, 2}))), "");
  const Result<std::vector<Tensor>> unknown = interp::run(program.module, "other", {});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, Code::NotFound);
}

TEST(CheckRunnable, NamesTheCustomCall) {
  Program program;
  const ValueId x = program.input({DType::F32, {2}});
  const ValueId y = program.op(OpCode::CustomCall, {x}, {DType::F32, {2}},
                               {{"api_version", IntAttr{4, DType::I32}},
                                {"backend_config", DictAttr{}},
                                {"call_target_name", text("vendor.norm")},
                                {"has_side_effect", false}});
  const Result<std::vector<Tensor>> got = program.try_run({y}, list(tensor(DType::F32, {2}, {1, 2})));
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, Code::Unimplemented);
  EXPECT_THAT(got.error().message,
              testing::AllOf(testing::HasSubstr("vendor.norm"), testing::HasSubstr("no kernel"), testing::HasSubstr("no decomposition")));
  EXPECT_FALSE(check_runnable(program.module, program.module.funcs[0], program.module.funcs[0].body.ops[0]).ok());
  EXPECT_TRUE(check_runnable(program.module, program.module.funcs[0], program.module.funcs[0].body.ops[1]).ok());
}

TEST(CheckRunnable, FindsWhatCannotRunInsideRegionsAndCallees) {
  Program program;
  const TensorType type{DType::F32, {2}};
  program.function("f", {type}, [&](const std::vector<ValueId>& a) {
    return std::vector{program.op(OpCode::CustomCall, {a[0]}, type,
                                  {{"api_version", IntAttr{4, DType::I32}},
                                   {"backend_config", DictAttr{}},
                                   {"call_target_name", text("deep.inside")},
                                   {"has_side_effect", false}})};
  });
  const ValueId p = program.input(kI1), x = program.input(type);
  stablehlo::Region yes = program.region({}, [&](const std::vector<ValueId>&) {
    return std::vector{program.op(OpCode::Call, {x}, type, {{"callee", symbol("f")}})};
  });
  stablehlo::Region no = program.region({}, [&](const std::vector<ValueId>&) { return std::vector{x}; });
  const ValueId y = program.op(OpCode::If, {p}, type, {}, regions(std::move(yes), std::move(no)));
  const Result<std::vector<Tensor>> got = program.try_run({y}, list(tensor(DType::I1, {}, {0}), tensor(DType::F32, {2}, {1, 2})));
  ASSERT_FALSE(got.ok());
  EXPECT_THAT(got.error().message, testing::HasSubstr("deep.inside"));
}

TEST(CheckRunnable, RefusesDynamicTypes) {
  Program program;
  const ValueId x = program.input({DType::F32, {kDynamic}});
  const ValueId y = program.op(OpCode::Negate, {x}, {DType::F32, {kDynamic}});
  (void)program.try_run({y}, {});
  const Status status = check_runnable(program.module, program.module.funcs[0], program.module.funcs[0].body.ops[0]);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::FailedPrecondition);
  EXPECT_THAT(status.error().message, testing::HasSubstr("[negate] type f32[?] has dynamic dimensions"));
}

// A module that was never verified could call itself.
TEST(CheckRunnable, RefusesEndlessRecursion) {
  Program program;
  program.function("loop", {kF32}, [&](const std::vector<ValueId>& a) {
    return std::vector{program.op(OpCode::Call, {a[0]}, kF32, {{"callee", symbol("loop")}})};
  });
  const stablehlo::Func& loop = program.module.funcs[1];
  const Status checked = check_runnable(program.module, loop, loop.body.ops[0]);
  ASSERT_FALSE(checked.ok());
  EXPECT_THAT(checked.error().message, testing::HasSubstr("nest deeper"));
  Tensor x = tensor(DType::F32, {}, {1}), y = tensor(DType::F32, {}, {0});
  const TensorView in = x.view(), out = y.view();
  Scratch scratch;
  EXPECT_FALSE(run_op(program.module, loop, loop.body.ops[0], {&in, 1}, {}, {&out, 1}, scratch).ok());
}

TEST(Scratch, IsAStackThatKeepsItsMemory) {
  Scratch scratch;
  std::byte* first = scratch.take(100);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0u);
  const std::size_t mark = scratch.mark();
  std::byte* second = scratch.take(1);
  std::byte* large = scratch.take(std::size_t{1} << 20);
  EXPECT_NE(first, second);
  scratch.release(mark);
  EXPECT_EQ(scratch.take(1), second);
  const std::size_t before = allocations();
  EXPECT_EQ(scratch.take(std::size_t{1} << 20), large);
  EXPECT_EQ(allocations(), before);
  scratch.release(0);
  EXPECT_EQ(scratch.take(64), first);
}

}  // namespace
}  // namespace tenon::interp::test
