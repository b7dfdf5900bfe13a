# libtenon.a, for programs that want libtenon inside: what the shared library is made of as one object in which only tenon_* can be seen.
# So a program may have another yaml-cpp, or C++ names like ours, and neither sees the other's: what the version script does for
# libtenon.so. Packs are still libraries of their own, found where they were installed; they never need libtenon.

# The static libraries that a target links, whole chain.
function(tenon_static_parts target out)
  set(parts ${${out}})
  get_target_property(links ${target} LINK_LIBRARIES)
  if(NOT links)
    set(links "")
  endif()
  get_target_property(more ${target} INTERFACE_LINK_LIBRARIES)
  if(more)
    list(APPEND links ${more})
  endif()
  foreach(link IN LISTS links)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
    if(NOT TARGET "${link}" OR link IN_LIST parts)
      continue()
    endif()
    get_target_property(imported ${link} IMPORTED)
    if(imported)
      continue()
    endif()
    get_target_property(type ${link} TYPE)
    if(type STREQUAL STATIC_LIBRARY)
      list(APPEND parts ${link})
    endif()
    tenon_static_parts(${link} parts)
  endforeach()
  list(REMOVE_DUPLICATES parts)
  set(${out} ${parts} PARENT_SCOPE)
endfunction()

set(parts "")
tenon_static_parts(tenon parts)
set(files "")
foreach(part IN LISTS parts)
  list(APPEND files $<TARGET_FILE:${part}>)
endforeach()

set(archive ${CMAKE_ARCHIVE_OUTPUT_DIRECTORY}/libtenon.a)
set(object ${CMAKE_CURRENT_BINARY_DIR}/libtenon.o)
add_custom_command(OUTPUT ${archive}
  # Without groups: one whose name becomes local could still be thrown away in favour of a program's section of that name.
  COMMAND ${CMAKE_CXX_COMPILER} -r -nostdlib -o ${object} -Wl,--force-group-allocation $<TARGET_OBJECTS:tenon>
          -Wl,--start-group ${files} -Wl,--end-group
  COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DOBJCOPY=${CMAKE_OBJCOPY} -DOBJECT=${object} -P ${CMAKE_CURRENT_SOURCE_DIR}/localize.cmake
  COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
  COMMAND ${CMAKE_AR} qcD ${archive} ${object}
  COMMAND ${CMAKE_RANLIB} -D ${archive}
  DEPENDS tenon localize.cmake $<TARGET_OBJECTS:tenon> ${files}
  COMMENT "libtenon.a" COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(tenon_archive ALL DEPENDS ${archive})

# OPTIONAL: a build of some targets alone can be installed too.
install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR} OPTIONAL)
