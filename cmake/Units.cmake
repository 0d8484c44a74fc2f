# Installs examples/deploy/ucorn.service and .socket as templates: the instance's
# name, %i, stands for the application's, and the program is the installed one.
# That is done while installing: `cmake --install --prefix` may still change where.

install(CODE "set(examples \"${CMAKE_SOURCE_DIR}/examples/deploy\")
	set(program_dir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SBINDIR}\")")
install(CODE [[
	set(units "${CMAKE_INSTALL_PREFIX}/lib/systemd/system")
	foreach(kind IN ITEMS service socket)
		set(template "$ENV{DESTDIR}${units}/ucorn@.${kind}")
		file(INSTALL "${examples}/ucorn.${kind}" DESTINATION "${units}" RENAME "ucorn@.${kind}")
		file(READ "${template}" unit)
		string(REPLACE "myapp" "%i" unit "${unit}")
		string(REPLACE "/usr/sbin" "${program_dir}" unit "${unit}")
		file(WRITE "${template}" "${unit}")
	endforeach()
]])
