#include "core/op/part_times.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

using std::chrono::microseconds;

TEST(PartTimes, KeepsWhatFitsAndCountsTheRest) {
  PartTimes times(4);
  const auto origin = PartTimes::Clock::now();
  times.restart(origin);
  for (int i = 0; i < 6; ++i) {
    times.begin_step(static_cast<std::uint32_t>(10 + i));
    times.add(origin + microseconds(i), origin + microseconds(i + 2));
  }
  const std::vector<PartTimes::Part> parts = times.recorded();
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(times.left_out(), 2u);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].step, 10 + i);
    EXPECT_EQ(parts[i].begin, static_cast<std::int64_t>(i) * 1000);
    EXPECT_EQ(parts[i].end, static_cast<std::int64_t>(i) * 1000 + 2000);
    EXPECT_EQ(parts[i].thread, std::this_thread::get_id());
  }
  times.restart(origin);
  EXPECT_TRUE(times.recorded().empty());
  EXPECT_EQ(times.left_out(), 0u);
}

TEST(PartTimes, TakesPartsFromManyThreads) {
  PartTimes times(1000);
  times.restart(PartTimes::Clock::now());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) times.add(PartTimes::Clock::now(), PartTimes::Clock::now());
    });
  std::vector<std::thread::id> ids;
  for (std::thread& thread : threads) ids.push_back(thread.get_id());
  for (std::thread& thread : threads) thread.join();
  const std::vector<PartTimes::Part> parts = times.recorded();
  EXPECT_EQ(parts.size(), 400u);
  for (const std::thread::id& id : ids)
    EXPECT_EQ(std::count_if(parts.begin(), parts.end(), [&](const PartTimes::Part& part) { return part.thread == id; }), 100);
}

}  // namespace
}  // namespace tenon
