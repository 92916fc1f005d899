@echo off
rem Windows: JBang does what ./catalog does elsewhere.
where jbang >nul 2>nul || (echo catalog needs JBang: https://www.jbang.dev/download 1>&2 & exit /b 3)
call jbang run "%~dp0catalog.java" %*
exit /b %errorlevel%
