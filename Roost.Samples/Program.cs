Console.WriteLine("Roost samples");
