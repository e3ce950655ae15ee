# make install: program, libraries, public headers, helpers, packs, pkg-config and CMake files, manual
# pages and completion where they exist. The engine lies beside libpinion and is found by $ORIGIN.
# Nothing installed holds the prefix: the tree may be moved, and `cmake --install --prefix` decides.
include(CMakePackageConfigHelpers)
set(share ${CMAKE_INSTALL_DATADIR}/pinion)
set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pinion)

install(DIRECTORY include/pinion DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
configure_file(cmake/pinion.pc.in pinion.pc @ONLY)
configure_file(cmake/pinion-plugin.pc.in pinion-plugin.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pinion.pc ${PROJECT_BINARY_DIR}/pinion-plugin.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(PN_HAVE_LIBRARY)
  install(TARGETS pinion EXPORT pinion LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES ${engine_file} DESTINATION ${CMAKE_INSTALL_LIBDIR} RENAME libpinion_engine.so
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
    WORLD_EXECUTE)
  install(FILES ${PROJECT_BINARY_DIR}/archive/libpinion.a DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT pinion NAMESPACE pinion:: FILE pinion-targets.cmake DESTINATION ${cmake_dir})
  configure_package_config_file(cmake/pinion-config.cmake.in pinion-config.cmake
    INSTALL_DESTINATION ${cmake_dir})
  write_basic_package_version_file(pinion-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/pinion-config.cmake
    ${PROJECT_BINARY_DIR}/pinion-config-version.cmake DESTINATION ${cmake_dir})
endif()
if(TARGET pinion_cli)
  install(TARGETS pinion_cli DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET pinion_extract_treesitter)
  install(TARGETS pinion_extract_treesitter DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/pinion)
endif()
install(PROGRAMS ${py_helpers} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/pinion)
if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/packs)
  install(DIRECTORY packs DESTINATION ${share} PATTERN __pycache__ EXCLUDE)
endif()
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.1)
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
if(EXISTS ${PROJECT_SOURCE_DIR}/completions/pinion.bash)
  install(FILES completions/pinion.bash RENAME pinion
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()
