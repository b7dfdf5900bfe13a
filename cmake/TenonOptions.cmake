# Compiler options, dependencies, and the interface target that carries them. All dependencies are Debian 12 packages.
include_guard()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# SIMD sources ask for -O3 themselves; elsewhere it costs a fifth more time to compile and brings nothing that was measured.
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Whatever the umask: the loader refuses folders that others can write to.
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# The build tree mirrors an installation: bin/tenon, lib/libtenon.so.1, lib/tenon/plugins-1.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/archive)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_path(XSIMD_INCLUDE_DIR xsimd/xsimd.hpp REQUIRED)
find_path(PTHREADPOOL_INCLUDE_DIR pthreadpool.h REQUIRED)
find_library(PTHREADPOOL_LIBRARY pthreadpool REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
if(TENON_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()

add_library(tenon_options INTERFACE)
target_compile_options(tenon_options INTERFACE
  # Without it g++ fuses a * b + c wherever the level has FMA, and kernel, interpreter and text part ways.
  -ffp-contract=off
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers>
  # g++ 12 at -O3 reports overlaps in std::string that cannot happen (GCC bug 105651).
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict>
  $<$<BOOL:${TENON_WERROR}>:-Werror>
  -fasynchronous-unwind-tables -fstack-protector-strong)
if(TENON_SANITIZE)
  # What is tested is checked in all ways; the test programs themselves only for wrong addresses, unoptimised: a third of the time to compile.
  string(REPLACE ",undefined" "" test_sanitizer "${TENON_SANITIZE}")
  set(in_test $<BOOL:$<TARGET_PROPERTY:TENON_TEST_PROGRAM>>)
  target_compile_options(tenon_options INTERFACE
    $<${in_test}:-fsanitize=${test_sanitizer}> $<$<NOT:${in_test}>:-fsanitize=${TENON_SANITIZE}>
    $<$<AND:${in_test},$<CXX_COMPILER_ID:Clang>>:-O0> -fno-omit-frame-pointer -fno-sanitize-recover=all -g1
    # The warnings of g++ 12 that follow the flow of data are wrong in instrumented code. The other builds have them all.
    $<$<CXX_COMPILER_ID:GNU>:-w>)
  target_link_options(tenon_options INTERFACE -fsanitize=${TENON_SANITIZE})
endif()
if(TENON_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang OR NOT TENON_SANITIZE MATCHES address)
    message(FATAL_ERROR "TENON_FUZZ needs clang, and TENON_SANITIZE=address,undefined: cmake --preset asan")
  endif()
  # These two checks need a C++ runtime in every program, and the C programs that use libtenon have none.
  target_compile_options(tenon_options INTERFACE $<$<NOT:${in_test}>:-fsanitize=fuzzer-no-link> -fno-sanitize=vptr,function)
endif()

# The public headers, for core and capi. Plugins get them through their own target (cmake/TenonPlugin.cmake).
add_library(tenon_public_headers INTERFACE)
target_include_directories(tenon_public_headers INTERFACE ${PROJECT_SOURCE_DIR}/capi/include)
