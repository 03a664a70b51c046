// FerretDB speaks MongoDB's protocol and keeps what it is given in SQLite: `ferretdb ADDRESS FOLDER`, `ferretdb --version`.
//
// MongoDB finds and changes a document in one step. FerretDB 1 takes two, so that of several conditional updates at once
// more than one is done. So commands take turns here: each is passed on when the one before has been answered.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if len(os.Args) != 3 {
		tellVersion()
		return
	}
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func tellVersion() {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/FerretDB/FerretDB" {
			fmt.Println(module.Version)
		}
	}
}

func serve(address string, folder string) error {
	socket := filepath.Join(folder, "socket")
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Handler:   "sqlite",
		SQLiteURL: "file:" + folder + "/?_pragma=synchronous(off)",
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go accept(listener, socket)
	told, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	return server.Run(told)
}

func accept(listener net.Listener, socket string) {
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go connect(client, socket)
	}
}

func connect(client net.Conn, socket string) {
	defer client.Close()
	server, err := net.Dial("unix", socket)
	if err != nil {
		log.Print(err)
		return
	}
	defer server.Close()
	for err == nil {
		err = pass(client, server)
	}
}

// pass hands a command of the client on, and its answer back.
func pass(client net.Conn, server net.Conn) error {
	command, err := read(client)
	if err != nil {
		return err
	}
	answer, err := ask(server, command)
	if err != nil {
		return err
	}
	_, err = client.Write(answer)
	return err
}

var turn sync.Mutex

func ask(server net.Conn, command []byte) ([]byte, error) {
	turn.Lock()
	defer turn.Unlock()
	if _, err := server.Write(command); err != nil {
		return nil, err
	}
	return read(server)
}

// read takes a whole message, which begins with its length.
func read(from net.Conn) ([]byte, error) {
	length := make([]byte, 4)
	if _, err := io.ReadFull(from, length); err != nil {
		return nil, err
	}
	message := make([]byte, binary.LittleEndian.Uint32(length))
	copy(message, length)
	_, err := io.ReadFull(from, message[4:])
	return message, err
}
