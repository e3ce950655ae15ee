# The module graph: src/LAYERS is the data, pn_modules() turns it into one static library per module
# folder that exists and one unit-test binary per module. A test binary links its module and what that
# stands on, nothing else, so a call upwards is an undefined symbol.

# pn_house_style(TARGET): house flags; -Werror only where the preset asks for it. Walks over protobuf-c
# messages read a pointer to some message through another pointer type, which strict aliasing lets an
# optimiser drop (gcc -O3 did so with LIMIT and OFFSET).
function(pn_house_style target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wswitch-enum -fno-strict-aliasing
    $<$<BOOL:${PN_WERROR}>:-Werror>)
  set_target_properties(${target} PROPERTIES C_STANDARD 17 C_STANDARD_REQUIRED ON C_EXTENSIONS ON
    C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
endfunction()

# pn_read_layers(): sets PN_MODULES (bottom-up) and PN_DEPS_<module> in the caller.
function(pn_read_layers)
  file(STRINGS ${PROJECT_SOURCE_DIR}/src/LAYERS lines REGEX "^[a-z_]+:")
  set(modules "")
  foreach(line ${lines})
    string(REGEX MATCH "^([a-z_]+):(.*)$" _ "${line}")
    set(name ${CMAKE_MATCH_1})
    string(REGEX MATCHALL "[a-z_]+" deps "${CMAKE_MATCH_2}")
    if(NOT name STREQUAL base AND NOT "public" IN_LIST deps)
      list(PREPEND deps base)
    endif()
    list(APPEND modules ${name})
    set(PN_DEPS_${name} ${deps} PARENT_SCOPE)
  endforeach()
  set(PN_MODULES ${modules} PARENT_SCOPE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/LAYERS)
endfunction()

# pn_module(NAME): static library pn_<name> from src/<name>/*.c and its folders that are named
# here (a folder of src/extract is a program of its own).
function(pn_module name)
  set(from ${PROJECT_SOURCE_DIR}/src/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${from}/*.c ${from}/builtin/*.c ${from}/grouped/*.c
    ${from}/packs/*.c ${from}/specs/*.c ${from}/sql/*.c ${from}/tables/*.c)
  if(sources)
    set(scope PUBLIC)
    add_library(pn_${name} STATIC ${sources})
    pn_house_style(pn_${name})
    target_compile_definitions(pn_${name} PRIVATE PN_BUILDING)
  else() # headers only, or nothing at all: passes on what it stands on
    set(scope INTERFACE)
    add_library(pn_${name} INTERFACE)
  endif()
  target_include_directories(pn_${name} ${scope} ${PROJECT_SOURCE_DIR}/include
    ${PROJECT_SOURCE_DIR}/src)
  foreach(dep ${PN_DEPS_${name}})
    target_link_libraries(pn_${name} ${scope} pn_${dep})
  endforeach()
  target_link_libraries(pn_${name} ${scope} ${PN_USES_${name}})
endfunction()

# pn_test(NAME LABEL label SOURCES files… LINK libs…): one binary on the harness, one ctest entry.
function(pn_test name)
  cmake_parse_arguments(arg "" "LABEL" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  pn_house_style(${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support
    ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE pn_test_support ${arg_LINK})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME ${arg_LABEL}.${name} COMMAND ${name})
  set_tests_properties(${arg_LABEL}.${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT 900
    ENVIRONMENT "${PN_TEST_ENVIRONMENT}")
endfunction()

# pn_has_code(NAME OUT): whether the module exists as an archive.
function(pn_has_code name out)
  set(${out} FALSE PARENT_SCOPE)
  if(TARGET pn_${name})
    get_target_property(type pn_${name} TYPE)
    if(type STREQUAL STATIC_LIBRARY)
      set(${out} TRUE PARENT_SCOPE)
    endif()
  endif()
endfunction()

function(pn_module_tests name)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${name}/*.c)
  pn_has_code(${name} has_code)
  if(sources AND has_code)
    pn_test(test_${name} LABEL unit SOURCES ${sources} LINK pn_${name})
  endif()
endfunction()

# pn_needs_engine(NAME OUT): whether the module stands on the Rust library.
function(pn_needs_engine name out)
  set(${out} FALSE PARENT_SCOPE)
  if(name STREQUAL engine)
    set(${out} TRUE PARENT_SCOPE)
    return()
  endif()
  foreach(dep ${PN_DEPS_${name}})
    if(NOT dep STREQUAL public)
      pn_needs_engine(${dep} below)
      if(below)
        set(${out} TRUE PARENT_SCOPE)
      endif()
    endif()
  endforeach()
endfunction()
