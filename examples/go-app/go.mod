module example.test/harbour/pilot

go 1.17

require (
	github.com/gorilla/websocket v1.4.0
	golang.org/x/text v0.3.5
	gopkg.in/yaml.v2 v2.2.2
)
