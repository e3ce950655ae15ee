# Every suite is registered with ctest: C units per module, integration programs, command-line
# transcripts, Python comparisons, headers alone, exported names.
set(PN_TEST_ENVIRONMENT
  "T_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
  "PN_BUILD_DIR=${PROJECT_BINARY_DIR}"
  "PN_BIN=${PROJECT_BINARY_DIR}/bin/pinion"
  "PN_LIBEXEC=${PN_LIBEXEC}"
  "ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1"
  "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0"
  "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/tsan.supp:ignore_noninstrumented_modules=1:handle_segv=0:atexit_sleep_ms=0"
  "UBSAN_OPTIONS=print_stacktrace=1")
file(GLOB support CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/t*.c)
add_library(pn_test_support STATIC ${support})
pn_house_style(pn_test_support)
target_compile_definitions(pn_test_support PRIVATE T_DEFAULT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_include_directories(pn_test_support PUBLIC ${PROJECT_SOURCE_DIR}/tests/support
  PRIVATE ${PROJECT_SOURCE_DIR}/include)

foreach(module ${PN_MODULES})
  pn_needs_engine(${module} needs)
  if(PN_HAVE_ENGINE OR NOT needs)
    pn_module_tests(${module})
  endif()
endforeach()

# A plugin is a user's shared object: it sees the public headers and links nothing of ours.
# Those of tests/compat bring the header of their time.
file(GLOB plugins CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/plugins/*.c
  ${PROJECT_SOURCE_DIR}/tests/compat/plugin_*.c)
foreach(source ${plugins})
  get_filename_component(name ${source} NAME_WE)
  add_library(plugin_${name} MODULE ${source})
  pn_house_style(plugin_${name})
  target_include_directories(plugin_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/plugins)
endforeach()

# Integration programs take the static modules: they may look behind the public headers.
file(GLOB integration CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/integration/test_*.c)
if(PN_HAVE_ENGINE AND integration)
  file(GLOB shared CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/integration/*.c)
  list(FILTER shared EXCLUDE REGEX "/test_[^/]*$")
  foreach(source ${integration})
    get_filename_component(name ${source} NAME_WE)
    pn_test(it_${name} LABEL integration SOURCES ${source} ${shared} LINK ${built})
    add_dependencies(it_${name} ${PN_PRODUCTS})
  endforeach()
endif()

# Fed by the suites of the same folder; it takes the static modules, as integration programs do.
if(PN_HAVE_ENGINE)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/roundtrip/*.c)
  add_executable(roundtrip ${sources})
  pn_house_style(roundtrip)
  target_link_libraries(roundtrip PRIVATE ${built} m)
  set_target_properties(roundtrip PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
endif()

# pn_script_test(NAME LABEL label COMMAND …): a suite in Python or shell, run by the test venv's python.
function(pn_script_test name)
  cmake_parse_arguments(arg "" "LABEL" "COMMAND" ${ARGN})
  add_test(NAME ${arg_LABEL}.${name} COMMAND ${arg_COMMAND}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${arg_LABEL}.${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT 1800
    SKIP_RETURN_CODE 77 ENVIRONMENT "${PN_TEST_ENVIRONMENT};PYTHONDONTWRITEBYTECODE=1")
endfunction()

# tools/setup.sh names the test venv's python in the cache when a suite needs one.
set(PN_PYTHON python3)
if(DEFINED ENV{XDG_CACHE_HOME})
  set(python_path $ENV{XDG_CACHE_HOME}/pinion/python.path)
else()
  set(python_path $ENV{HOME}/.cache/pinion/python.path)
endif()
if(EXISTS ${python_path})
  file(STRINGS ${python_path} PN_PYTHON LIMIT_COUNT 1)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${python_path})
endif()
if(TARGET pinion_cli AND EXISTS ${PROJECT_SOURCE_DIR}/tests/cli/run_transcripts.py)
  file(GLOB transcripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/cli/*.t)
  foreach(script ${transcripts})
    get_filename_component(name ${script} NAME_WE)
    pn_script_test(${name} LABEL cli COMMAND
      ${PN_PYTHON} tests/cli/run_transcripts.py ${script})
  endforeach()
endif()
# Suites in Python stand in a folder of their own each; tests/python compares with other programs.
file(GLOB scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*/test_*.py)
list(FILTER scripts EXCLUDE REGEX "/tests/(tools|cli)/")
foreach(script ${scripts})
  get_filename_component(name ${script} NAME_WE)
  get_filename_component(folder ${script} DIRECTORY)
  get_filename_component(label ${folder} NAME)
  if(TARGET pinion_cli OR NOT label STREQUAL python)
    pn_script_test(${name} LABEL ${label} COMMAND ${PN_PYTHON} ${script})
  endif()
endforeach()
file(GLOB tool_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/tools/test_*.py)
foreach(script ${tool_tests})
  get_filename_component(name ${script} NAME_WE)
  pn_script_test(${name} LABEL tools COMMAND python3 ${script})
endforeach()

# tests/fuzz/fuzz_<what>.c: a libFuzzer program in the fuzz preset, a replay of its corpus elsewhere.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
if(PN_HAVE_ENGINE)
  foreach(source ${fuzz_sources})
    get_filename_component(name ${source} NAME_WE)
    string(REPLACE "fuzz_" "" corpus ${name})
    add_executable(${name} ${source})
    pn_house_style(${name})
    target_link_libraries(${name} PRIVATE ${built})
    if(PN_FUZZ)
      target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
      target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/fuzz_driver.c)
      add_test(NAME fuzz.${name} COMMAND ${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${corpus})
      set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz ENVIRONMENT "${PN_TEST_ENVIRONMENT}")
    endif()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  endforeach()
endif()

pn_script_test(alone LABEL header COMMAND python3 tests/header/headers_alone.py)
