# Run by CPack when the files are installed into the tree that becomes the package: what Debian has
# otherwise than `cmake --install`.
if(SLUICE_SANITIZE OR NOT SLUICE_BUILD_TYPE STREQUAL "Release")
	message(FATAL_ERROR "a package is made of a release build: cmake --preset release && "
		"cmake --build --preset release --target package")
endif()
set(root ${CPACK_TEMPORARY_DIRECTORY})
set(doc ${root}/usr/share/doc/sluice)
if(NOT EXISTS ${doc})
	message(FATAL_ERROR "the package is for /usr: configure with -DCMAKE_INSTALL_PREFIX=/usr")
endif()

# Compressed without a name and a time, so that the same files make the same package.
function(compress)
	execute_process(COMMAND gzip -9n ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(GLOB pages ${root}/usr/share/man/man?/*.?)
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
file(REMOVE ${doc}/LICENSE)
file(COPY_FILE ${SLUICE_DEBIAN}/copyright ${doc}/copyright)
file(COPY_FILE ${SLUICE_DEBIAN}/changelog ${doc}/changelog.Debian)
compress(${pages} ${doc}/changelog ${doc}/changelog.Debian)

file(MAKE_DIRECTORY ${root}/etc/sluice ${root}/etc/logrotate.d)
file(COPY_FILE ${SLUICE_DEBIAN}/logrotate ${root}/etc/logrotate.d/sluice)
file(MAKE_DIRECTORY ${root}/usr/share/lintian/overrides)
file(COPY_FILE ${SLUICE_DEBIAN}/lintian-overrides ${root}/usr/share/lintian/overrides/sluice)

# Whatever the umask of whoever builds it.
file(GLOB_RECURSE all LIST_DIRECTORIES true ${root}/etc/* ${root}/usr/*)
foreach(path ${root}/etc ${root}/usr ${all})
	set(mode OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
	if(IS_DIRECTORY ${path} OR path STREQUAL "${root}/usr/bin/sluice")
		list(APPEND mode OWNER_EXECUTE GROUP_EXECUTE WORLD_EXECUTE)
	endif()
	file(CHMOD ${path} PERMISSIONS ${mode})
endforeach()
