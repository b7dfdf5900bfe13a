# tenon_add_plugin: a plugin as a shared library that the loader takes. The same file builds Tenon's own packs and, shipped in the CMake
# package together with tenon_pack.py and arch.json, third parties' plugins:
#
#   find_package(tenon REQUIRED)
#   tenon_add_plugin(NAME example-norm SOURCES norm.c MANIFEST norm.tenon.yaml)
#
# makes the target example-norm, and example-norm.so with example-norm.tenon.yaml beside it in <output>/tenon/plugins-1, and installs both
# to <libdir>/tenon/plugins-1. <output> is CMAKE_LIBRARY_OUTPUT_DIRECTORY, or the build folder.
#
#   tenon_add_plugin(NAME name SOURCES files.. MANIFEST file
#                    [SIMD_SOURCES files..]   each compiled once per row of arch.json, see below
#                    [VARIANTS v3 v4]         x86_64 only: also name-v3.so, name-v4.so of all SOURCES, compiled for that level
#                    [TARGET target]          the target's name, if not `name`
#                    [CASES files..]          concatenated to name.cases.yaml, for `tenon verify`
#                    [INCLUDES dirs..] [LIBRARIES targets..] [DEFINITIONS names..] [OPTIONS flags..]
#                    [COMPONENT component]    of the install rules; default plugins
#                    [NO_INSTALL])
#
# The manifest may leave out `version` (the project's is taken), `api`, `arch`, `library` or `variants`, and `levels`: they are filled in.
# `ops:` or `formats:` must be its last top-level key. Where MANIFEST lists several files they are concatenated.
#
# SIMD sources see TENON_SIMD_LEVEL (text, "avx2"), TENON_SIMD_NAMESPACE (level_avx2), TENON_SIMD_ARCH (xsimd::fma3<xsimd::avx2>).
# All sources can include "tenon_simd_levels.h", which defines TENON_SIMD_FOR_EACH_LEVEL(X): X(level_avx512, "avx512") X(level_avx2, ..)
# and so on, best level first, for this architecture; and TENON_SIMD_LEVEL_COUNT.
include_guard()

set(TENON_PACK_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/tenon_pack.py)
if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/arch.json)
  set(TENON_ARCH_JSON ${CMAKE_CURRENT_LIST_DIR}/arch.json)
else()
  get_filename_component(TENON_ARCH_JSON ${CMAKE_CURRENT_LIST_DIR}/../configs/arch.json ABSOLUTE) # ninja knows a file by one path
endif()
if(NOT TARGET tenon::plugin AND TARGET tenon_public_headers)
  add_library(tenon::plugin ALIAS tenon_public_headers)
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# The processor as manifests and arch.json name it.
function(tenon_arch_name out)
  string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" processor)
  if(processor MATCHES "^(x86_64|amd64)$")
    set(processor x86_64)
  elseif(processor MATCHES "^(aarch64|arm64)$")
    set(processor aarch64)
  elseif(processor MATCHES "^i[3-6]86$")
    set(processor i386)
  elseif(processor MATCHES "^arm")
    set(processor arm)
  endif()
  set(${out} ${processor} PARENT_SCOPE)
endfunction()

# Levels to compile SIMD sources for: names of arch.json, or all of this architecture. Fewer build faster.
set(TENON_SIMD_LEVELS "" CACHE STRING "SIMD levels to build, names of arch.json; empty: all")

# Rows of arch.json for this architecture, best first: the indices, their names, and each name as a C identifier.
function(_tenon_simd_rows out_indices out_names)
  tenon_arch_name(arch)
  file(READ ${TENON_ARCH_JSON} json)
  string(JSON count LENGTH "${json}" levels)
  math(EXPR last "${count} - 1")
  set(indices "")
  set(names "")
  foreach(i RANGE ${last})
    string(JSON row_arch GET "${json}" levels ${i} arch)
    string(JSON level GET "${json}" levels ${i} name)
    if(row_arch STREQUAL arch AND (NOT TENON_SIMD_LEVELS OR level IN_LIST TENON_SIMD_LEVELS))
      list(PREPEND indices ${i})
      list(PREPEND names ${level})
    endif()
  endforeach()
  set(${out_indices} ${indices} PARENT_SCOPE)
  set(${out_names} ${names} PARENT_SCOPE)
endfunction()

function(_tenon_refuse_fast_math where flags)
  if("${flags}" MATCHES "(^|[ ;])(-ffast-math|-Ofast|-funsafe-math-optimizations|-mdaz-ftz)($|[ ;])")
    message(FATAL_ERROR "${where} has ${CMAKE_MATCH_2}: linked into a plugin it makes every thread of the host flush denormals. "
                        "Remove it; name the single optimisations that you want on the sources that want them.")
  endif()
endfunction()

# At the end of the folder, when its target_compile_options calls have run.
function(_tenon_check_target target)
  foreach(property COMPILE_OPTIONS COMPILE_FLAGS LINK_OPTIONS LINK_FLAGS)
    get_target_property(flags ${target} ${property})
    _tenon_refuse_fast_math("${property} of ${target}" "${flags}")
  endforeach()
endfunction()

function(_tenon_plugin_library target output simd_objects)
  add_library(${target} MODULE ${ARG_SOURCES} ${simd_objects} ${note})
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ".so" OUTPUT_NAME ${output} LIBRARY_OUTPUT_DIRECTORY ${directory}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})
  target_include_directories(${target} PRIVATE ${ARG_INCLUDES} ${generated})
  target_compile_definitions(${target} PRIVATE ${ARG_DEFINITIONS})
  target_compile_options(${target} PRIVATE -ffp-contract=off -fasynchronous-unwind-tables ${ARG_OPTIONS})
  target_link_libraries(${target} PRIVATE tenon::plugin ${ARG_LIBRARIES})
  target_link_options(${target} PRIVATE -Wl,--version-script=${map} -Wl,-z,now,-z,relro,-z,nodelete,-z,noexecstack)
  if(NOT TENON_SANITIZE AND NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS} ${ARG_OPTIONS}" MATCHES "-fsanitize")
    target_link_options(${target} PRIVATE -Wl,-z,defs) # clang's sanitizer runtime is in the program, so it would be undefined here
  endif()
  if(TARGET tenon_options)
    target_link_libraries(${target} PRIVATE tenon_options)
  endif()
  if(TENON_UNITY AND TENON_SANITIZE)
    target_precompile_headers(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/capi/include/tenon/plugin.hpp>")
  endif()
  # After the link: one exported symbol, the note is there, no start-up code of -ffast-math came in by another way.
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${Python3_EXECUTABLE} ${TENON_PACK_SCRIPT} check $<TARGET_FILE:${target}> VERBATIM)
  if(NOT ARG_NO_INSTALL)
    install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/tenon/plugins-1 COMPONENT ${ARG_COMPONENT})
  endif()
endfunction()

function(tenon_add_plugin)
  cmake_parse_arguments(ARG "NO_INSTALL" "NAME;TARGET;COMPONENT"
    "SOURCES;MANIFEST;SIMD_SOURCES;VARIANTS;CASES;INCLUDES;LIBRARIES;DEFINITIONS;OPTIONS" ${ARGN})
  foreach(required NAME SOURCES MANIFEST)
    if(NOT ARG_${required})
      message(FATAL_ERROR "tenon_add_plugin needs ${required}")
    endif()
  endforeach()
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tenon_add_plugin(${ARG_NAME}): unknown arguments ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_NAME MATCHES "^[A-Za-z0-9._+-]+$")
    message(FATAL_ERROR "tenon_add_plugin: a plugin's file name may have letters, digits and . _ + -, got ${ARG_NAME}")
  endif()
  if(NOT ARG_TARGET)
    set(ARG_TARGET ${ARG_NAME})
  endif()
  if(NOT ARG_COMPONENT)
    set(ARG_COMPONENT plugins)
  endif()
  include(GNUInstallDirs)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" config)
  foreach(variable CMAKE_C_FLAGS CMAKE_CXX_FLAGS CMAKE_C_FLAGS_${config} CMAKE_CXX_FLAGS_${config} CMAKE_MODULE_LINKER_FLAGS ARG_OPTIONS)
    _tenon_refuse_fast_math("${variable}" "${${variable}}")
  endforeach()

  set(directory ${CMAKE_BINARY_DIR})
  if(CMAKE_LIBRARY_OUTPUT_DIRECTORY)
    set(directory ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
  endif()
  set(directory ${directory}/tenon/plugins-1)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${ARG_NAME}.plugin)
  file(MAKE_DIRECTORY ${generated} ${directory})
  tenon_arch_name(arch)

  # SIMD sources: one object library per level.
  set(simd_objects "")
  set(levels "")
  if(ARG_SIMD_SOURCES)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${TENON_ARCH_JSON})
    file(READ ${TENON_ARCH_JSON} json)
    _tenon_simd_rows(rows levels)
    set(for_each "")
    foreach(row level IN ZIP_LISTS rows levels)
      string(MAKE_C_IDENTIFIER level_${level} namespace)
      string(APPEND for_each " \\\n  X(${namespace}, \"${level}\")")
      string(JSON xsimd GET "${json}" levels ${row} xsimd)
      string(JSON flag_count LENGTH "${json}" levels ${row} flags)
      set(flags "")
      if(flag_count GREATER 0)
        math(EXPR last "${flag_count} - 1")
        foreach(j RANGE ${last})
          string(JSON flag GET "${json}" levels ${row} flags ${j})
          list(APPEND flags ${flag})
        endforeach()
      endif()
      set(object ${ARG_TARGET}_${namespace})
      add_library(${object} OBJECT ${ARG_SIMD_SOURCES})
      set_target_properties(${object} PROPERTIES C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
                                                 POSITION_INDEPENDENT_CODE ON)
      target_include_directories(${object} PRIVATE ${ARG_INCLUDES} ${generated})
      if(XSIMD_INCLUDE_DIR)
        target_include_directories(${object} SYSTEM PRIVATE ${XSIMD_INCLUDE_DIR})
      endif()
      target_compile_definitions(${object} PRIVATE ${ARG_DEFINITIONS} "TENON_SIMD_LEVEL=\"${level}\"" TENON_SIMD_NAMESPACE=${namespace}
                                                   "TENON_SIMD_ARCH=${xsimd}")
      target_link_libraries(${object} PRIVATE tenon::plugin ${ARG_LIBRARIES})
      if(TARGET tenon_options)
        target_link_libraries(${object} PRIVATE tenon_options)
      endif()
      # No exceptions, no RTTI: they would leave weak symbols that the objects share, and the linker might keep the wrong level's.
      target_compile_options(${object} PRIVATE ${ARG_OPTIONS} ${flags} -ffp-contract=off $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti>
                                               $<IF:$<CONFIG:Debug>,-O1,-O3>)
      list(APPEND simd_objects $<TARGET_OBJECTS:${object}>)
      cmake_language(EVAL CODE "cmake_language(DEFER CALL _tenon_check_target [[${object}]])")
    endforeach()
    list(LENGTH levels level_count)
    file(CONFIGURE OUTPUT ${generated}/tenon_simd_levels.h CONTENT
      "#pragma once\n#define TENON_SIMD_LEVEL_COUNT ${level_count}\n#define TENON_SIMD_FOR_EACH_LEVEL(X)${for_each}\n" @ONLY)
  endif()

  # Manifest and note, from the same text.
  set(variants "")
  if(ARG_VARIANTS AND arch STREQUAL "x86_64")
    set(variants ${ARG_VARIANTS})
  endif()
  set(manifest ${directory}/${ARG_NAME}.tenon.yaml)
  set(note ${generated}/note.c)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT C IN_LIST languages)
    set(note ${generated}/note.cpp)
  endif()
  foreach(list MANIFEST CASES)
    set(${list}_files "")
    foreach(file IN LISTS ARG_${list})
      get_filename_component(file ${file} ABSOLUTE)
      list(APPEND ${list}_files ${file})
    endforeach()
  endforeach()
  get_target_property(header_dirs tenon::plugin INTERFACE_INCLUDE_DIRECTORIES)
  set(outputs ${manifest} ${note})
  set(cases_arguments "")
  if(CASES_files)
    list(APPEND outputs ${directory}/${ARG_NAME}.cases.yaml)
    set(cases_arguments --cases ${CASES_files} --cases-out ${directory}/${ARG_NAME}.cases.yaml)
  endif()
  add_custom_command(OUTPUT ${outputs}
    COMMAND ${Python3_EXECUTABLE} ${TENON_PACK_SCRIPT} build --manifest ${MANIFEST_files} --out ${manifest} --note ${note}
            --library ${ARG_NAME} --arch ${arch} --version "${PROJECT_VERSION}" --include "${header_dirs}"
            --levels "${levels}" --variants "${variants}" ${cases_arguments}
    DEPENDS ${TENON_PACK_SCRIPT} ${MANIFEST_files} ${CASES_files} COMMENT "Manifest of ${ARG_NAME}" VERBATIM)
  add_custom_target(${ARG_TARGET}_manifest DEPENDS ${outputs})

  set(map ${generated}/exports.map)
  file(CONFIGURE OUTPUT ${map} CONTENT "{ global: tenon_plugin_query_v1; local: *; };\n" @ONLY)
  _tenon_plugin_library(${ARG_TARGET} ${ARG_NAME} "${simd_objects}")
  add_dependencies(${ARG_TARGET} ${ARG_TARGET}_manifest)
  cmake_language(EVAL CODE "cmake_language(DEFER CALL _tenon_check_target [[${ARG_TARGET}]])")
  foreach(variant IN LISTS variants)
    if(NOT variant MATCHES "^v[234]$")
      message(FATAL_ERROR "tenon_add_plugin(${ARG_NAME}): VARIANTS are v2, v3, v4, got ${variant}")
    endif()
    _tenon_plugin_library(${ARG_TARGET}_${variant} ${ARG_NAME}-${variant} "${simd_objects}")
    # glibc refuses a marked library on a smaller CPU with a sentence; an unmarked one would kill the host.
    target_compile_options(${ARG_TARGET}_${variant} PRIVATE -march=x86-64-${variant})
    target_link_options(${ARG_TARGET}_${variant} PRIVATE -Wl,-z,x86-64-${variant})
    add_dependencies(${ARG_TARGET}_${variant} ${ARG_TARGET}_manifest)
    add_dependencies(${ARG_TARGET} ${ARG_TARGET}_${variant})
  endforeach()
  if(NOT ARG_NO_INSTALL)
    list(REMOVE_ITEM outputs ${note})
    install(FILES ${outputs} DESTINATION ${CMAKE_INSTALL_LIBDIR}/tenon/plugins-1 COMPONENT ${ARG_COMPONENT})
  endif()
endfunction()

# tenon_add_pack(NAME FOLDER [arguments of tenon_add_plugin]): one of Tenon's own packs, target tenon_pack_NAME. FOLDER has pack.yaml (the
# manifest's head, ending in `ops:`) and a folder per operator with op.yaml, cases.yaml, *.cpp and *.simd.cpp; *_test.cpp stay out.
# Sources include plugins/support and the pack's own files by their path from the repository's root, and nothing else of it.
function(tenon_add_pack name folder)
  get_filename_component(folder ${folder} ABSOLUTE)
  file(GLOB ops CONFIGURE_DEPENDS ${folder}/*/op.yaml)
  file(GLOB cases CONFIGURE_DEPENDS ${folder}/*/cases.yaml)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp ${folder}/*/*.cpp)
  set(simd_sources ${sources})
  list(FILTER simd_sources INCLUDE REGEX "\\.simd\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(\\.simd|_test|_fuzz)\\.cpp$")
  list(SORT ops)
  list(SORT cases)
  set(root ${PROJECT_BINARY_DIR}/include-roots/pack-${name})
  get_filename_component(base ${folder} NAME)
  file(MAKE_DIRECTORY ${root}/plugins)
  file(CREATE_LINK ${folder} ${root}/plugins/${base} SYMBOLIC)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/plugins/support ${root}/plugins/support SYMBOLIC)
  tenon_add_plugin(NAME ${name} TARGET tenon_pack_${name} SOURCES ${sources} SIMD_SOURCES ${simd_sources}
    MANIFEST ${folder}/pack.yaml ${ops} CASES ${cases} INCLUDES ${root} ${ARGN})
  set_property(GLOBAL APPEND PROPERTY TENON_PACKS tenon_pack_${name})
endfunction()
