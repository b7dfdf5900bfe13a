# One CMake target per folder. A folder's headers are reachable only by targets that name it (or a folder that names it), because each
# folder has an include root of its own: <build>/include-roots/<folder>/core/<folder> is a link to the source folder. So a forbidden
# #include "core/..." fails to compile; tests/layering checks the same table on the text.
include_guard()

set(TENON_INCLUDE_ROOTS ${PROJECT_BINARY_DIR}/include-roots)

# tenon_core_folder(NAME [DEPENDS folders...] [LIBRARIES libraries...] [TEST_DEPENDS folders...] [TEST_DEFINITIONS ...] [ALONE files...])
# Builds core/NAME/*.cpp as tenon_NAME, each *_test.cpp into one test program tenon_NAME_test, each *_fuzz.cpp into a fuzzer.
# ALONE: files that TENON_UNITY does not compile together with others, because they have the same internal names.
function(tenon_core_folder name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES;TEST_DEPENDS;TEST_DEFINITIONS;ALONE" ${ARGN})
  set(folder ${PROJECT_SOURCE_DIR}/core/${name})
  file(MAKE_DIRECTORY ${TENON_INCLUDE_ROOTS}/${name}/core)
  file(CREATE_LINK ${folder} ${TENON_INCLUDE_ROOTS}/${name}/core/${name} SYMBOLIC)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cpp$")
  list(TRANSFORM ARG_DEPENDS PREPEND tenon_ OUTPUT_VARIABLE depends)
  list(TRANSFORM ARG_TEST_DEPENDS PREPEND tenon_ OUTPUT_VARIABLE test_depends)
  if(sources)
    add_library(tenon_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(tenon_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(tenon_${name} ${scope} ${TENON_INCLUDE_ROOTS}/${name})
  target_link_libraries(tenon_${name} ${scope} tenon_public_headers ${depends})
  if(sources)
    target_link_libraries(tenon_${name} PRIVATE tenon_options ${ARG_LIBRARIES})
    set_target_properties(tenon_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD ${TENON_UNITY} UNITY_BUILD_BATCH_SIZE 6)
  endif()
  list(TRANSFORM ARG_ALONE PREPEND ${folder}/)
  set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  if(tests AND TENON_BUILD_TESTS)
    tenon_test(tenon_${name}_test SOURCES ${tests} LIBRARIES tenon_${name} ${test_depends} ${ARG_LIBRARIES}
               DEFINITIONS ${ARG_TEST_DEFINITIONS})
    set_target_properties(tenon_${name}_test PROPERTIES UNITY_BUILD ${TENON_UNITY} UNITY_BUILD_BATCH_SIZE 6)
  endif()
  foreach(fuzzer IN LISTS fuzzers)
    tenon_fuzzer(${fuzzer} LIBRARIES tenon_${name} ${test_depends} ${ARG_LIBRARIES})
  endforeach()
endfunction()

# GoogleTest's headers, compiled once for all test programs. -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without.
if(TENON_BUILD_TESTS)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/test_header.cpp CONTENT "// Carries a precompiled header.\n")
  add_library(tenon_test_header OBJECT ${PROJECT_BINARY_DIR}/generated/test_header.cpp)
  set_target_properties(tenon_test_header PROPERTIES TENON_TEST_PROGRAM ON)
  target_link_libraries(tenon_test_header PRIVATE tenon_options GTest::gmock GTest::gtest_main Threads::Threads)
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    target_compile_options(tenon_test_header PRIVATE -O1)
  endif()
  target_precompile_headers(tenon_test_header PRIVATE <gmock/gmock.h> <gtest/gtest.h> <functional> <map> <memory> <random> <string> <vector>)
endif()

# tenon_test(NAME SOURCES ... LIBRARIES ... [DEFINITIONS ...]): a GoogleTest program, registered with CTest as a whole (--gtest_filter runs one case).
function(tenon_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES;DEFINITIONS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES TENON_TEST_PROGRAM ON)
  target_link_libraries(${name} PRIVATE tenon_options ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main Threads::Threads)
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    target_compile_options(${name} PRIVATE -O1) # what is tested is optimised; the tests need not be, and compile in half the time
  endif()
  target_precompile_headers(${name} REUSE_FROM tenon_test_header)
  target_compile_definitions(${name} PRIVATE TENON_SOURCE_DIR="${PROJECT_SOURCE_DIR}" TENON_BINARY_DIR="${PROJECT_BINARY_DIR}"
                                             ${ARG_DEFINITIONS})
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1) # as a whole: a process for each of 1,300 cases takes a minute
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()

# tenon_fuzzer(FILE LIBRARIES ...): a file that defines LLVMFuzzerTestOneInput. With clang and TENON_FUZZ=ON it is a libFuzzer program;
# otherwise tests/fuzz/replay.cpp runs it over the kept corpus tests/fuzz/corpus/<name>/, so that every build replays the finds.
function(tenon_fuzzer file)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  get_filename_component(name ${file} NAME_WE)
  set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  if(TENON_FUZZ)
    add_executable(${name} ${file})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  elseif(TENON_BUILD_TESTS)
    add_executable(${name} ${file} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cpp)
    add_test(NAME fuzz_replay.${name} COMMAND ${name} ${corpus})
  else()
    return()
  endif()
  target_link_libraries(${name} PRIVATE tenon_options ${ARG_LIBRARIES})
endfunction()
