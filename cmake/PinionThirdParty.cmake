# Libraries from outside. Debian's come through pkg-config; the fetched ones are compiled here, as
# quiet static libraries with this build's sanitizers, so that misuse inside them is seen too.
find_package(PkgConfig REQUIRED)
foreach(lib libprotobuf-c libcrypto libb2 jansson yaml-0.1 libutf8proc)
  pkg_check_modules(${lib} REQUIRED IMPORTED_TARGET ${lib})
endforeach()

execute_process(COMMAND ${PROJECT_SOURCE_DIR}/tools/third_party.sh
  OUTPUT_VARIABLE PN_THIRD_PARTY_DIR OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "the third-party sources are not there: run tools/setup.sh")
endif()
add_compile_options(-ffile-prefix-map=${PN_THIRD_PARTY_DIR}/=third_party/)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/third_party/pins.txt ${PROJECT_SOURCE_DIR}/tools/third_party.sh
  ${PROJECT_SOURCE_DIR}/third_party/crates/Cargo.lock)

# pn_third_party(NAME INCLUDE dirs… PRIVATE_INCLUDE dirs… SOURCES files… LINK libs… DEFINE defs…)
function(pn_third_party name)
  cmake_parse_arguments(arg "" "" "INCLUDE;PRIVATE_INCLUDE;SOURCES;LINK;DEFINE" ${ARGN})
  add_library(${name} STATIC EXCLUDE_FROM_ALL ${arg_SOURCES})
  target_include_directories(${name} SYSTEM PUBLIC ${arg_INCLUDE} PRIVATE ${arg_PRIVATE_INCLUDE})
  target_compile_definitions(${name} PRIVATE ${arg_DEFINE})
  target_compile_options(${name} PRIVATE -w -O2)
  target_link_libraries(${name} PUBLIC ${arg_LINK})
  set_target_properties(${name} PROPERTIES C_STANDARD 11 C_EXTENSIONS ON C_CLANG_TIDY ""
    POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden
    ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/third_party)
endfunction()

set(dir ${PN_THIRD_PARTY_DIR})
file(GLOB flatcc_src ${dir}/nanoarrow/flatcc/src/builder.c ${dir}/nanoarrow/flatcc/src/emitter.c
  ${dir}/nanoarrow/flatcc/src/verifier.c ${dir}/nanoarrow/flatcc/src/refmap.c)
file(GLOB nanoarrow_src ${dir}/nanoarrow/include/nanoarrow/common/*.c
  ${dir}/nanoarrow/include/nanoarrow/ipc/*.c)
pn_third_party(nanoarrow SOURCES ${nanoarrow_src} ${flatcc_src}
  INCLUDE ${dir}/nanoarrow/include PRIVATE_INCLUDE ${dir}/nanoarrow/flatcc/include)

# _DEFAULT_SOURCE is what the crate's own build sets, for endian.h and fdopen.
pn_third_party(tree_sitter SOURCES ${dir}/tree-sitter/src/lib.c
  INCLUDE ${dir}/tree-sitter/include PRIVATE_INCLUDE ${dir}/tree-sitter/src
  DEFINE _POSIX_C_SOURCE=200112L _DEFAULT_SOURCE)
pn_third_party(tree_sitter_python
  SOURCES ${dir}/tree-sitter-python/src/parser.c ${dir}/tree-sitter-python/src/scanner.c
  PRIVATE_INCLUDE ${dir}/tree-sitter-python/src)

file(GLOB_RECURSE substrait_src ${dir}/substrait/gen/*.c)
pn_third_party(substrait_pb SOURCES ${substrait_src} INCLUDE ${dir}/substrait/gen
  LINK PkgConfig::libprotobuf-c)

# What a module may use from outside, besides libc. A module that is not listed uses nothing.
set(PN_USES_base PkgConfig::libcrypto PkgConfig::libb2 PkgConfig::jansson PkgConfig::libutf8proc m)
set(PN_USES_arrow nanoarrow)
set(PN_USES_substrait substrait_pb)
set(PN_USES_engine pinion_engine)
set(PN_USES_project PkgConfig::yaml-0.1)
set(PN_USES_schema PkgConfig::yaml-0.1)
set(PN_USES_udf dl)
set(PN_USES_cli PkgConfig::jansson) # reads the documents the library gives
