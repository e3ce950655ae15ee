# The Rust library is built by tools/engine.sh into the cache; this build only imports the file that
# <build>/engine.path names. A link with a fixed name stands between: a new engine of the same
# interface relinks what uses it and recompiles nothing.
set(stamp ${PROJECT_BINARY_DIR}/engine.path)
set(PN_HAVE_ENGINE FALSE)
if(EXISTS ${stamp})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${stamp})
  file(STRINGS ${stamp} engine_file LIMIT_COUNT 1)
  if(EXISTS "${engine_file}")
    set(PN_HAVE_ENGINE TRUE)
    set(PN_ENGINE_LINK ${PROJECT_BINARY_DIR}/lib/libpinion_engine.so)
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
    file(CREATE_LINK ${engine_file} ${PN_ENGINE_LINK} SYMBOLIC)
  endif()
endif()

if(PN_HAVE_ENGINE)
  # cargo gives a cdylib no SONAME: without this property its path would become the NEEDED entry.
  add_library(pinion_engine SHARED IMPORTED GLOBAL)
  set_target_properties(pinion_engine PROPERTIES IMPORTED_LOCATION ${PN_ENGINE_LINK}
    IMPORTED_NO_SONAME TRUE
    INTERFACE_INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/engine/include)
else()
  message(STATUS "no engine yet (${stamp}): only modules that do without it are linked; "
    "run tools/engine.sh, or make")
  add_library(pinion_engine INTERFACE)
  target_include_directories(pinion_engine INTERFACE ${PROJECT_SOURCE_DIR}/engine/include)
endif()
