Console.WriteLine("Roost benchmarks");
