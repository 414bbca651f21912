@main
struct Waystation {
    static func main() {}
}
