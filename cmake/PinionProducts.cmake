# What users get: libpinion (shared and static), the pinion program, the extractor programs. The build
# tree has the same shape as an installed one (bin, lib, libexec/pinion, share/pinion), so a program
# finds its helpers and packs by the same relative paths in both.
set(built "")
foreach(module ${PN_MODULES})
  pn_has_code(${module} has_code)
  if(has_code)
    list(APPEND built pn_${module})
  endif()
endforeach()

set(PN_HAVE_LIBRARY FALSE)
if(built AND PN_HAVE_ENGINE)
  set(PN_HAVE_LIBRARY TRUE)
  file(WRITE ${PROJECT_BINARY_DIR}/empty.c "typedef int pinion_translation_unit;\n")
  add_library(pinion SHARED ${PROJECT_BINARY_DIR}/empty.c)
  target_include_directories(pinion INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  list(TRANSFORM built PREPEND "$<TARGET_FILE:" OUTPUT_VARIABLE archives)
  list(TRANSFORM archives APPEND ">")
  target_link_libraries(pinion PRIVATE
    -Wl,--whole-archive ${archives} -Wl,--no-whole-archive ${built})
  target_link_options(pinion PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/libpinion.map
    -Wl,-z,now -Wl,--as-needed)
  if(NOT PN_SANITIZE) # the sanitizers' own symbols come from the program
    target_link_options(pinion PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(pinion PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libpinion.map
    SOVERSION ${PROJECT_VERSION_MAJOR} VERSION ${PROJECT_VERSION} INSTALL_RPATH "\$ORIGIN")
  add_dependencies(pinion ${built})

  # One archive of all modules and of the third-party code that was compiled here.
  set(parts ${built})
  foreach(lib nanoarrow substrait_pb)
    list(APPEND parts ${lib})
  endforeach()
  set(script "create ${PROJECT_BINARY_DIR}/archive/libpinion.a\n")
  foreach(part ${parts})
    string(APPEND script "addlib $<TARGET_FILE:${part}>\n")
  endforeach()
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/libpinion.mri CONTENT "${script}save\nend\n")
  add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/archive/libpinion.a
    COMMAND ${CMAKE_AR} -M < ${PROJECT_BINARY_DIR}/libpinion.mri
    DEPENDS ${parts} ${PROJECT_BINARY_DIR}/libpinion.mri COMMENT "Archiving libpinion.a")
  add_custom_target(pinion_static ALL DEPENDS ${PROJECT_BINARY_DIR}/archive/libpinion.a)
endif()

# src/cli sees <pinion/*.h> and its own folder as "cli/…", no other folder of src.
file(GLOB cli_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cli/*.c)
list(FILTER cli_sources EXCLUDE REGEX "/main\\.c$")
if(PN_HAVE_LIBRARY AND EXISTS ${PROJECT_SOURCE_DIR}/src/cli/main.c)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/cli_include)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/cli ${PROJECT_BINARY_DIR}/cli_include/cli SYMBOLIC)
  add_library(pn_cli STATIC ${cli_sources} ${PROJECT_BINARY_DIR}/empty.c)
  pn_house_style(pn_cli)
  target_include_directories(pn_cli PUBLIC ${PROJECT_BINARY_DIR}/cli_include)
  target_link_libraries(pn_cli PUBLIC pinion ${PN_USES_cli})
  add_executable(pinion_cli ${PROJECT_SOURCE_DIR}/src/cli/main.c)
  pn_house_style(pinion_cli)
  target_link_libraries(pinion_cli PRIVATE pn_cli)
  set_target_properties(pinion_cli PROPERTIES OUTPUT_NAME pinion
    INSTALL_RPATH "\$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
endif()

# Extractors are programs: C ones are compiled, Python ones are linked into the tree.
set(PN_LIBEXEC ${PROJECT_BINARY_DIR}/libexec/pinion)
file(MAKE_DIRECTORY ${PN_LIBEXEC} ${PROJECT_BINARY_DIR}/share/pinion)
file(GLOB ts_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/extract/treesitter/*.c)
if(ts_sources)
  add_executable(pinion_extract_treesitter ${ts_sources})
  pn_house_style(pinion_extract_treesitter)
  target_include_directories(pinion_extract_treesitter PRIVATE ${PROJECT_SOURCE_DIR}/include
    ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(pinion_extract_treesitter PRIVATE
    pn_arrow pn_base tree_sitter tree_sitter_python)
  set_target_properties(pinion_extract_treesitter PROPERTIES
    OUTPUT_NAME pinion-extract-treesitter RUNTIME_OUTPUT_DIRECTORY ${PN_LIBEXEC})
endif()
file(GLOB py_helpers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/extract/python/*.py)
foreach(helper ${py_helpers})
  get_filename_component(file ${helper} NAME)
  file(CREATE_LINK ${helper} ${PN_LIBEXEC}/${file} SYMBOLIC)
endforeach()
if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/packs)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/packs ${PROJECT_BINARY_DIR}/share/pinion/packs SYMBOLIC)
endif()

set(PN_PRODUCTS "")
foreach(product pinion_cli pinion_extract_treesitter)
  if(TARGET ${product})
    list(APPEND PN_PRODUCTS ${product})
  endif()
endforeach()
