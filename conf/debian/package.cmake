# The Debian package: cmake --build BUILD --target package.  DEBFULLNAME and DEBEMAIL say whose it is.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sluice)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The sluice authors <sluice@example.org>")
if(NOT "$ENV{DEBEMAIL}" STREQUAL "")
	set(CPACK_DEBIAN_PACKAGE_MAINTAINER "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
# The libraries come from the program.  sysusers makes the user; where systemd is not wanted the
# small program that does only this is enough.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd-standalone-sysusers | systemd-sysusers | systemd")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "keepalived, logrotate")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"sluice fronts the SQL and the admin port of a CockroachDB cluster in HAProxy's
place. It stops giving sessions to a node the moment the node drains or dies,
tries another node when a connect fails, and lets clients wait while there is
none.

It reads HAProxy's configuration, speaks its runtime API and has its
statistics, Prometheus metrics and a dashboard, and records failure drills.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
	${CMAKE_CURRENT_LIST_DIR}/conffiles ${CMAKE_CURRENT_LIST_DIR}/postinst
	${CMAKE_CURRENT_LIST_DIR}/prerm ${CMAKE_CURRENT_LIST_DIR}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/stage.cmake)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_BINARY_DIR}/CPackProject.cmake)
file(CONFIGURE OUTPUT ${CPACK_PROJECT_CONFIG_FILE} @ONLY CONTENT [[
set(SLUICE_DEBIAN "@CMAKE_CURRENT_LIST_DIR@")
set(SLUICE_SANITIZE "@SLUICE_SANITIZE@")
set(SLUICE_BUILD_TYPE "@CMAKE_BUILD_TYPE@")
]])
include(CPack)
