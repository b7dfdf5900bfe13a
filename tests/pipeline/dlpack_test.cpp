// DLPack in and out, and tensors in files.
#include <cstdio>
#include <filesystem>

#include "tests/pipeline/support.h"

using namespace tenon_test;

namespace {

int deleted = 0;

// A producer's tensor: f32[2,3] with a byte offset and strides.
struct Producer {
  DLManagedTensorVersioned managed{};
  std::int64_t shape[2] = {2, 3}, strides[2] = {4, 1};
  std::vector<float> data = {9, 9, 1, 2, 3, 9, 4, 5, 6, 9};
  Producer() {
    managed.version = {1, 0};
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensorVersioned*) { ++deleted; };
    managed.dl_tensor.data = data.data();
    managed.dl_tensor.device.device_type = 1;
    managed.dl_tensor.ndim = 2;
    managed.dl_tensor.dtype = {2, 32, 1};
    managed.dl_tensor.shape = shape;
    managed.dl_tensor.strides = strides;
    managed.dl_tensor.byte_offset = 8;
  }
};

class Dlpack : public testing::Test {
 protected:
  void SetUp() override { deleted = 0; }
  Owned<tenon_context> context = make_context();
  Failure import_fails(Producer& producer) {
    tenon_tensor* tensor = nullptr;
    Failure failure = must_fail([&](tenon_error** e) { return tenon_tensor_from_dlpack(context.get(), &producer.managed, &tensor, e); });
    EXPECT_EQ(tensor, nullptr);
    EXPECT_EQ(deleted, 1) << "the deleter runs also when the import fails";
    deleted = 0;
    return failure;
  }
};

TEST_F(Dlpack, ImportsWithoutACopyAndCallsTheDeleterOnce) {
  Producer producer;
  tenon_tensor* raw = nullptr;
  must([&](tenon_error** e) { return tenon_tensor_from_dlpack(context.get(), &producer.managed, &raw, e); });
  Owned<tenon_tensor> tensor(raw);
  tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
  must([&](tenon_error** e) { return tenon_tensor_get_view(tensor.get(), &view, e); });
  EXPECT_EQ(view.data, producer.data.data() + 2);
  for (std::int64_t i = 0; i < 6; ++i) {
    double element = 0;
    must([&](tenon_error** e) { return tenon_view_get_element(&view, i, &element, e); });
    EXPECT_EQ(element, static_cast<double>(i + 1));
  }
  EXPECT_EQ(deleted, 0);
  tensor.reset();
  EXPECT_EQ(deleted, 1);
}

TEST_F(Dlpack, RefusesWhatItCannotTake) {
  Producer version;
  version.managed.version.major = 2;
  EXPECT_EQ(import_fails(version).code, TENON_INCOMPATIBLE);
  Producer device;
  device.managed.dl_tensor.device.device_type = 2;
  EXPECT_EQ(import_fails(device).code, TENON_UNIMPLEMENTED);
  Producer lanes;
  lanes.managed.dl_tensor.dtype.lanes = 4;
  EXPECT_EQ(import_fails(lanes).code, TENON_UNIMPLEMENTED);
  Producer dtype;
  dtype.managed.dl_tensor.dtype = {5, 64, 1};  // complex
  EXPECT_EQ(import_fails(dtype).code, TENON_UNIMPLEMENTED);
  Producer rank;
  rank.managed.dl_tensor.ndim = 40;
  EXPECT_EQ(import_fails(rank).code, TENON_INVALID_ARGUMENT);
  Producer negative;
  negative.shape[0] = -1;
  EXPECT_EQ(import_fails(negative).code, TENON_INVALID_ARGUMENT);
}

TEST_F(Dlpack, ExportSharesTheMemoryAndKeepsItAlive) {
  const std::vector<std::int64_t> dims{3};
  const tenon_type_view type{dims.data(), 1, TENON_BF16};
  tenon_tensor* raw = nullptr;
  must([&](tenon_error** e) { return tenon_tensor_create(context.get(), &type, &raw, e); });
  DLManagedTensorVersioned* managed = nullptr;
  must([&](tenon_error** e) { return tenon_tensor_to_dlpack(raw, &managed, e); });
  tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
  must([&](tenon_error** e) { return tenon_tensor_get_view(raw, &view, e); });
  EXPECT_EQ(managed->dl_tensor.data, view.data);
  EXPECT_EQ(managed->dl_tensor.dtype.code, 4);
  EXPECT_EQ(managed->dl_tensor.shape[0], 3);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.data) % 64, 0u);
  tenon_tensor_destroy(raw);
  static_cast<std::uint16_t*>(managed->dl_tensor.data)[2] = 1;  // still there
  managed->deleter(managed);
}

TEST_F(Dlpack, TheUnversionedFormSharesTheMemoryToo) {
  const std::vector<std::int64_t> dims{2, 3};
  const tenon_type_view type{dims.data(), 2, TENON_F16};
  tenon_tensor* raw = nullptr;
  must([&](tenon_error** e) { return tenon_tensor_create(context.get(), &type, &raw, e); });
  DLManagedTensor* managed = nullptr;
  must([&](tenon_error** e) { return tenon_tensor_to_dlpack_legacy(raw, &managed, e); });
  tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
  must([&](tenon_error** e) { return tenon_tensor_get_view(raw, &view, e); });
  EXPECT_EQ(managed->dl_tensor.data, view.data);
  EXPECT_EQ(managed->dl_tensor.ndim, 2);
  EXPECT_EQ(managed->dl_tensor.shape[1], 3);
  EXPECT_EQ(managed->dl_tensor.strides[0], 3);
  EXPECT_EQ(managed->dl_tensor.dtype.code, 2);
  EXPECT_EQ(managed->dl_tensor.dtype.bits, 16);
  tenon_tensor_destroy(raw);
  static_cast<std::uint16_t*>(managed->dl_tensor.data)[5] = 1;  // still there
  managed->deleter(managed);
}

TEST_F(Dlpack, TheUnversionedFormCannotSayReadOnly) {
  Producer producer;
  producer.managed.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
  tenon_tensor* raw = nullptr;
  must([&](tenon_error** e) { return tenon_tensor_from_dlpack(context.get(), &producer.managed, &raw, e); });
  Owned<tenon_tensor> tensor(raw);
  DLManagedTensor* managed = nullptr;
  const Failure failure = must_fail([&](tenon_error** e) { return tenon_tensor_to_dlpack_legacy(raw, &managed, e); });
  EXPECT_EQ(failure.code, TENON_FAILED_PRECONDITION);
  EXPECT_EQ(managed, nullptr);
}

TEST_F(Dlpack, FilesRoundTrip) {
  const std::string folder = testing::TempDir() + "tenon_dlpack_test";
  std::filesystem::create_directories(folder);
  const std::vector<std::int64_t> dims{2, 3};
  std::vector<float> values = normal_values(6, 3);
  const tenon_tensor_view view = view_of(values, dims);
  const std::string npy = folder + "/a.npy", archive = folder + "/a.safetensors";
  must([&](tenon_error** e) { return tenon_view_save(&view, npy.c_str(), npy.size(), e); });
  tenon_tensor* raw = nullptr;
  must([&](tenon_error** e) { return tenon_tensor_load(context.get(), npy.c_str(), npy.size(), TENON_F32, &raw, e); });
  Owned<tenon_tensor> tensor(raw);
  tenon_tensor_view read = TENON_TENSOR_VIEW_INIT;
  must([&](tenon_error** e) { return tenon_tensor_get_view(raw, &read, e); });
  EXPECT_EQ(std::memcmp(read.data, values.data(), 24), 0);
  const Failure dtype =
      must_fail([&](tenon_error** e) { return tenon_tensor_load(context.get(), npy.c_str(), npy.size(), TENON_F64, &raw, e); });
  EXPECT_NE(dtype.message.find("f64"), std::string::npos);
  const char* names[] = {"layer.weight"};
  must([&](tenon_error** e) { return tenon_views_save(&view, names, 1, archive.c_str(), archive.size(), e); });
  tenon_params* params_raw = nullptr;
  must([&](tenon_error** e) { return tenon_params_open(context.get(), archive.c_str(), archive.size(), &params_raw, e); });
  Owned<tenon_params> params(params_raw);
  ASSERT_EQ(tenon_params_get_count(params.get()), 1u);
  const char* name = nullptr;
  must([&](tenon_error** e) { return tenon_params_get(params.get(), 0, &name, nullptr, &read, e); });
  EXPECT_STREQ(name, "layer.weight");
  EXPECT_EQ(std::memcmp(read.data, values.data(), 24), 0);
  EXPECT_EQ(must_fail([&](tenon_error** e) { return tenon_params_get(params.get(), 1, &name, nullptr, &read, e); }).code,
            TENON_OUT_OF_RANGE);
  std::filesystem::remove_all(folder);
}

}  // namespace
