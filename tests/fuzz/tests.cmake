# The fuzzers as tests: one per fuzz_<name>.c, each some seconds long (tests/fuzz/run.sh).  They are built by clang
# in a build of their own (preset fuzz); where that is not built, the test counts as skipped.  They give
# way to tests that look at clocks, but not so much that an input would seem to hang.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
foreach(source ${fuzz_sources})
	get_filename_component(name ${source} NAME_WE)
	string(REPLACE "fuzz_" "" name ${name})
	add_test(NAME fuzz.${name}
		COMMAND nice -n 10 sh ${CMAKE_SOURCE_DIR}/tests/fuzz/run.sh ${CMAKE_SOURCE_DIR}/build/fuzz ${name})
	set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz COST 40 SKIP_RETURN_CODE 77)
endforeach()
