package main

import (
	_ "github.com/gorilla/websocket"
	_ "golang.org/x/text/language"
	_ "gopkg.in/yaml.v2"
)

func main() {}
