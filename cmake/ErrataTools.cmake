# Compiler settings and the two functions by which every folder declares its target.

find_program(ERRATA_CCACHE ccache)
if(ERRATA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths count relative to the checkout, so that a second one is built from the first one's cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
    "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" "CCACHE_NOHASHDIR=1" "${ERRATA_CCACHE}")
endif()
find_program(ERRATA_MOLD mold)
if(ERRATA_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# -Wrestrict: false alarms of g++ 12 in std::string.
add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-restrict)
add_compile_options("$<$<CONFIG:Release>:-g1>")
# So that a cached object serves every checkout of the same sources.
add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.")

# errata_library(NAME SOURCES ... PUBLIC ... PRIVATE ...): the static library errata_NAME of the
# folder it is called in. PUBLIC and PRIVATE links are the layering: see src/README.md.
function(errata_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(errata_${name} STATIC ${ARG_SOURCES})
  target_include_directories(errata_${name} PUBLIC "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}")
  target_link_libraries(errata_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# errata_test(NAME SOURCES ... LIBS ... [LABEL ...]): one doctest binary, one ctest per source file.
# A test case that cannot run here prints a line that starts with "SKIPPED:" and returns; its whole
# file then counts as skipped, so such cases stand in a file of their own.
function(errata_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(test_${name} ${ARG_SOURCES} "${CMAKE_SOURCE_DIR}/tests/support/doctest_main.cc")
  target_link_libraries(test_${name} PRIVATE errata_test_support ${ARG_LIBS})
  foreach(source ${ARG_SOURCES})
    get_filename_component(stem "${source}" NAME_WE)
    add_test(NAME ${name}.${stem} COMMAND test_${name} "--source-file=*/${stem}.cc" --no-skip)
    set_tests_properties(${name}.${stem} PROPERTIES
      TIMEOUT ${ARG_TIMEOUT}
      SKIP_REGULAR_EXPRESSION "(^|\n)SKIPPED:"
      ENVIRONMENT "ERRATA_SOURCE_DIR=${CMAKE_SOURCE_DIR};ERRATA_BIN_DIR=${CMAKE_BINARY_DIR}/bin")
    set_property(GLOBAL APPEND PROPERTY ERRATA_TEST_SOURCES "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
  endforeach()
endfunction()
